"""Pages of incidents: lists, the room with its fragments and feed, and what people do in it."""

from incidents.views.lists import home

__all__ = ["home"]
