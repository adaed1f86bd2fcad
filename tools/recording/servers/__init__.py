"""Servers, one file each. SENDERS are those that also send mail, from the client's side."""
from .exim import EximSender
from .mail_clients import MailClients
from .postfix import PostfixSender

SENDERS = [PostfixSender, EximSender, MailClients]
