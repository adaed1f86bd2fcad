"""Servers, one file each. SENDERS are those that also send mail, from the client's side."""
from .exim import EximSender
from .postfix import PostfixSender

SENDERS = [PostfixSender, EximSender]
