"""Addresses of signing in and out, and of one's own second factors. They stand at the root, without a namespace:
settings.LOGIN_URL names one, and allauth leads to `mfa_authenticate`. Nothing else of allauth's has an address."""

from django.urls import path

from catalog import account_views, auditor_views, factor_views

urlpatterns = [
    path("sign-in/", account_views.sign_in, name="sign-in"),
    path("sign-in/factor/", account_views.second_factor, name="mfa_authenticate"),
    path("sign-out/", account_views.sign_out, name="sign-out"),
    path("evidence/auditors/", auditor_views.access, name="auditors"),
    path("evidence/auditors/invite/", auditor_views.invite_auditor, name="invite-auditor"),
    path("evidence/auditors/<str:uid>/end/", auditor_views.end_auditor, name="end-auditor"),
    path("me/confirm/", factor_views.step_up, name="step-up"),
    path("me/factors/", factor_views.factors, name="factors"),
    path("me/factors/confirm/", factor_views.confirm_sign_in, name="confirm-sign-in"),
    path("me/factors/passkey/", factor_views.add_passkey, name="add-passkey"),
    path("me/factors/app/", factor_views.add_app, name="add-app"),
    path("me/factors/codes/", factor_views.recovery_codes, name="recovery-codes"),
    path("me/factors/<int:factor_id>/remove/", factor_views.remove_factor, name="remove-factor"),
]
