"""What Postfix does at the edges: commands around STARTTLS, ends of messages, clients that insist or fall back."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.exim import EximSender
from ..servers.postfix import Postfix, PostfixSender
from ..truth import session
from .smtp_postfix import MAIL, tls

UPGRADE = ('s.sock=c.wrap_socket(s.sock)', 's.file=None', 's.ehlo()')


@scenario('postfix-starttls-edges', Postfix())
def edges(r):
    """STARTTLS after HELO, twice, with an argument, within a transaction, in small letters, with commands behind it."""
    r.run(c.smtplib('s.helo()', 's.docmd("STARTTLS")', *UPGRADE), session('starttls', starttls='220', tls='TLSv1.3'))
    r.run(c.smtplib('s.ehlo()', 's.docmd("starttls")', *UPGRADE), tls())
    r.run(c.smtplib('s.ehlo()', 's.docmd("STARTTLS now")', 's.docmd("STARTTLS")', *UPGRADE), tls())
    r.run(c.smtplib('s.ehlo()', 's.docmd("STARTTLS")', *UPGRADE, 's.docmd("STARTTLS")'), tls())
    r.run(c.smtplib('s.ehlo()', 's.mail("%s")' % c.FROM, 's.docmd("STARTTLS")', *UPGRADE), tls())
    r.run(c.smtplib('s.ehlo()', 's.sock.sendall(b"STARTTLS\\r\\nRSET\\r\\n")', 'print(s.getreply())', *UPGRADE), tls(incidents=['command_injection']))
    r.run(c.smtplib('s.sock.sendall(b"EHLO client.example\\r\\nSTARTTLS\\r\\n")', 's.getreply()', 's.getreply()', *UPGRADE), tls())
    r.run(c.dialogue('EHLO client.example', 'STARTTLS now', 'QUIT'), session('tls_failed', starttls='501', offered=True))
    r.run(c.dialogue('EHLO client.example', 'HELP', 'NOOP STARTTLS', 'QUIT'), session('incomplete', offered=True))


@scenario('postfix-bodies', Postfix())
def bodies(r):
    """Ends of messages: dots, BDAT in pieces, two messages, and a bare LF.LF that this Postfix takes as the end."""
    start = ('EHLO client.example', 'MAIL FROM:<%s>' % c.FROM, 'RCPT TO:<%s>' % c.TO)
    def clear(n, **more): return session('clear', messages=n, offered=True, **more)
    r.run(c.dialogue(*start, 'DATA', 'Subject: x\n\n..\n..STARTTLS\nSTARTTLS\n.', 'QUIT'), clear(1))
    r.run(c.dialogue(*start, 'BDAT 6\nab\nc', 'BDAT 10 LAST\nSTARTTLS', 'QUIT'), clear(1))
    r.run(c.dialogue(*start, 'DATA', 'a\n.', *start[1:], 'BDAT 0 LAST', 'QUIT'), clear(2))
    r.run(c.smtplib('s.ehlo()', 's.mail("%s")' % c.FROM, 's.rcpt("%s")' % c.TO, 's.docmd("DATA")', 's.sock.sendall(b"x\\r\\n\\n.\\n")', 'print(s.getreply())', send=False),
          clear(1), says=['Ok: queued'])
    r.run(c.smtplib('s.ehlo()', 's.mail("%s")' % c.FROM, 's.rcpt("%s")' % c.TO, 's.docmd("DATA")', 's.sock.sendall(b"x\\n.\\nSTARTTLS\\r\\n")', 'print(s.getreply())', 'print(s.getreply())', *UPGRADE),
          tls(messages=1), says=['Ready to start TLS'])


@scenario('postfix-required-tls', Postfix(smtpd_tls_security_level='encrypt'))
def required(r):
    """A server that takes no mail without TLS (530), and clients that come without it."""
    r.run(c.swaks(), session('clear', offered=True), says=['530'])
    r.run(c.curl(), session('clear', offered=True), says=['530'])
    r.run(c.msmtp(host='mx6.example'), session('clear', offered=True))
    r.run(c.swaks(tls='starttls'), tls())
    r.run(MAIL, tls(), where=r.sender(PostfixSender, smtp_tls_security_level='may'))


@scenario('postfix-clients-that-insist', Postfix(smtpd_tls_security_level='none'))
def insist(r):
    """Clients that must have TLS leave a server that has none."""
    leave = session('incomplete', offered=False)
    for sender in (r.sender(PostfixSender, smtp_tls_security_level='encrypt', maximal_backoff_time='300s', minimal_backoff_time='300s'),
                   r.sender(EximSender, transport='  hosts_require_tls = *')):
        r.run(MAIL, leave, where=sender)
        sender.stop()                       # it would try again
    r.run(c.curl('--ssl-reqd'), leave)
    r.run(c.msmtp(tls='starttls', host='mx6.example'), leave)
    r.run(c.smtplib('s.starttls(context=c)'), leave)


@scenario('postfix-fallback', Postfix(smtpd_tls_protocols='TLSv1.2'))
def fallback(r):
    """Postfix and Exim as senders whose handshake fails, and who come back in clear: no evidence but `possible`."""
    failed = session('tls_failed', starttls='220', offered=True)
    again = session('clear', messages=1, offered=True, strip=None)      # `possible` where the history of a client is kept, else none
    r.run(MAIL, failed, again, where=r.sender(EximSender, transport='  tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3'))
    r.run(MAIL, failed, failed, failed, again, where=r.sender(PostfixSender, smtp_tls_security_level='may', smtp_tls_protocols='TLSv1.3', queue_run_delay='2s',
                                                       minimal_backoff_time='3s', maximal_backoff_time='3s'), wait=40)      # in clear only when the message is older than that


@scenario('postfix-limits', Postfix(smtpd_client_connection_rate_limit='1', smtpd_client_event_limit_exceptions=''))
def limits(r):
    """421 to a client that comes too often."""
    r.run(c.swaks(), session('clear', messages=1, offered=True))
    r.run(c.swaks(), session('incomplete'), same_client=True, says=['421'])
    r.run(c.curl(), session('incomplete'), same_client=True)
