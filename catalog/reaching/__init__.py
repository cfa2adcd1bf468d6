"""The ways to reach somebody: e-mail, and chats and pagers through apprise. Knows no database.

What comes back from outside (a mail server's words, a library's log line) may quote an address; so nothing of it is
handed on. Each failure is one of a few sentences of our own.
"""
