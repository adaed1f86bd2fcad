"""Exim as a relay and for submission."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.exim import Exim, EximSender
from ..servers.postfix import PostfixSender
from ..truth import session
from .smtp_postfix import MAIL, tls

ALL = 'PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER'


def login(mechanism, **more): return session('clear_auth', **{'messages': 1, 'offered': True, 'auth': mechanism, **more})


@scenario('exim-relay-clear', Exim(tls_advertise_hosts=''))
def relay_clear(r):
    """Mail to an Exim without TLS; Exim to Exim sends by PIPECONNECT the second time."""
    clear = session('clear', messages=1, offered=False)
    for line in (c.swaks(), c.swaks(host='mx6.example'), c.swaks('--pipeline'), c.curl(), c.msmtp(), c.nodemailer(), c.smtplib()):
        r.run(line, clear)
    exim = r.sender(EximSender, transport='  hosts_pipe_connect = *')
    r.run(MAIL, clear, where=exim)
    r.run(MAIL, session('clear', messages=1), where=exim, same_client=True)
    r.run(MAIL, clear, where=r.sender(PostfixSender, smtp_tls_security_level='may'))
    r.run(c.swaks('--to plantednone@mx.example'), session('clear', offered=False), logs=['rejected RCPT'])
    r.run(c.dialogue('EHLO client.example', 'VRFY plantedto', 'EXPN plantedto', 'QUIT'), session('clear', offered=False))
    r.run(c.dialogue('EHLO client.example', 'STARTTLS', 'QUIT'), session('tls_failed', starttls='503', offered=False))
    r.run(c.dialogue('EHLO client.example', 'QUIT'), session('incomplete', offered=False))


@scenario('exim-relay-tls', Exim())
def relay_tls(r):
    """STARTTLS to an Exim with GnuTLS, by every client."""
    for line in (c.swaks(tls='starttls'), c.swaks(tls='starttls', host='mx6.example'), c.curl(tls='starttls'), c.msmtp(tls='starttls'), c.nodemailer(tls='starttls'),
                 c.smtplib('s.starttls(context=c)')):
        r.run(line, tls())
    r.run(c.openssl('-tls1_2'), tls('TLSv1.2'))
    r.run(c.swaks('--tls-protocol tlsv1_2', tls='starttls'), tls('TLSv1.2'))
    for sender in (r.sender(PostfixSender, smtp_tls_security_level='may'), r.sender(EximSender)):
        r.run(MAIL, tls(), where=sender)
    r.run(MAIL, session('clear', messages=1, offered=True), where=r.sender(EximSender, transport='  hosts_avoid_tls = *'))
    r.run(c.swaks(), session('clear', messages=1, offered=True))


@scenario('exim-relay-broken', Exim(tls_require_ciphers='NORMAL:-VERS-ALL:+VERS-TLS1.2'))
def broken(r):
    """Handshakes with an Exim that fail."""
    failed = session('tls_failed', starttls='220', offered=True, log_tls=[])
    for line in (c.swaks('--tls-protocol tlsv1_3', tls='starttls'), c.openssl('-tls1_3'), c.gnutls_cli('--insecure --priority NORMAL:-VERS-ALL:+VERS-TLS1.3'),
                 c.openssl('-verify_return_error -CAfile /etc/tls/other-ca.pem'), c.dialogue('EHLO client.example', 'STARTTLS')):
        r.run(line, failed)
    # GnuTLS looks at the certificate when the handshake is over: it was completed, and then the client left
    r.run(c.msmtp('--tls=on --tls-trust-file=/etc/tls/other-ca.pem'), tls('TLSv1.2'), says=['NOT trusted'])


@scenario('exim-relay-454', Exim(tls_privatekey='/etc/tls/none.key'))
def no_key(r):
    """An Exim whose key is missing: 454, and what clients do then."""
    refused = dict(starttls='454', offered=True, strip='possible', log_tls=[])
    r.run(c.swaks(tls='starttls'), session('tls_failed', **refused))
    r.run(c.swaks('--tls-optional'), session('clear', messages=1, **refused))
    r.run(c.curl('--ssl'), session('clear', messages=1, **refused))
    r.run(MAIL, session('clear', messages=1, **refused), where=r.sender(PostfixSender, smtp_tls_security_level='may'))
    r.run(MAIL, session('clear', messages=1, **refused), where=r.sender(EximSender))


@scenario('exim-fallback', Exim(tls_require_ciphers='NORMAL:-VERS-ALL:+VERS-TLS1.2'))
def fallback(r):
    """Senders whose handshake fails come back in clear on a new connection: no evidence but `possible`."""
    failed = session('tls_failed', starttls='220', offered=True, log_tls=[])
    again = session('clear', messages=1, offered=True, strip=None)      # `possible` where the history of a client is kept, else none
    r.run(MAIL, failed, again, where=r.sender(EximSender, transport='  tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3'))
    r.run(c.swaks('--tls-protocol tlsv1_3', tls='starttls') + '; ' + c.swaks(), failed, again)


@scenario('exim-submission', Exim(mechanisms=ALL))
def submission(r):
    """Logins at an Exim in clear, XOAUTH2 and OAUTHBEARER among them, and within TLS."""
    for line, mechanism in ((c.swaks(port=587, mechanism='PLAIN'), 'PLAIN'), (c.swaks(port=587, mechanism='LOGIN'), 'LOGIN'), (c.swaks(port=587, mechanism='CRAM-MD5', host='mx6.example'), 'CRAM-MD5'),
                            (c.curl('--oauth2-bearer ' + c.PASSWORD + ' --user planteduser', port=587), 'OAUTHBEARER'),
                            (c.msmtp(port=587, mechanism='PLAIN'), 'PLAIN'), (c.msmtp(port=587, mechanism='OAUTHBEARER'), 'OAUTHBEARER'), (c.msmtp(port=587, mechanism='XOAUTH2'), 'XOAUTH2'),
                            (c.nodemailer(port=587, mechanism='XOAUTH2'), 'XOAUTH2'), (c.nodemailer(port=587, mechanism='LOGIN'), 'LOGIN')):
        r.run(line, login(mechanism))
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        r.run(c.swaks(port=587, mechanism=mechanism, password=c.WRONG), login(mechanism, messages=0), logs=['authenticator failed'])
    r.run(c.nodemailer(port=587, mechanism='XOAUTH2', password=c.WRONG), login('XOAUTH2', messages=0), logs=['authenticator failed'])
    for line, mechanism in ((c.swaks(port=587, mechanism='PLAIN', tls='starttls'), 'PLAIN'), (c.msmtp(port=587, mechanism='OAUTHBEARER', tls='starttls'), 'OAUTHBEARER'),
                            (c.nodemailer(port=587, mechanism='XOAUTH2', tls='starttls'), 'XOAUTH2')):
        r.run(line, session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside=mechanism))
    r.run(c.swaks(port=465, tls='implicit', mechanism='PLAIN'), session('implicit_tls', tls='TLSv1.3', inside='PLAIN'))
    r.run(c.curl('--tls-max 1.2', port=465, tls='implicit', mechanism='LOGIN', host='mx6.example'), session('implicit_tls', tls='TLSv1.2', inside='LOGIN'))


@scenario('exim-submission-sasl', Exim(mechanisms='DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM'))
def sasl(r):
    """Mechanisms that Exim leaves to Cyrus SASL."""
    for mechanism in ('DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'NTLM'):
        r.run(c.gsasl(mechanism, '--no-starttls'), login(mechanism, messages=0))
    for mechanism in ('DIGEST-MD5', 'SCRAM-SHA-1'):
        r.run(c.gsasl(mechanism, '--no-starttls', password=c.WRONG), login(mechanism, messages=0), logs=['authenticator failed'])


@scenario('exim-greeting', Exim(host_reject_connection='*'))
def greeting(r):
    """554 in the greeting."""
    for line in (c.swaks(), c.curl(host='mx6.example'), c.nodemailer()):
        r.run(line, session('incomplete'), logs=['refused'])
