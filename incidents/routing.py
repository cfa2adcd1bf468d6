"""Addresses of the WebSockets; config.asgi includes them behind session and sign-in."""

from django.urls import path

from incidents.consumers import LobbyConsumer, WarRoomConsumer

websocket_urlpatterns = [
    path("ws/incidents/<str:uid>", WarRoomConsumer.as_asgi()),
    path("ws/lobby", LobbyConsumer.as_asgi()),
]
