"""Addresses of signing in and out; they stand at the root, without a namespace, as settings.LOGIN_URL names them."""

from django.urls import path

from catalog import account_views

urlpatterns = [
    path("sign-in/", account_views.sign_in, name="sign-in"),
    path("sign-out/", account_views.sign_out, name="sign-out"),
]
