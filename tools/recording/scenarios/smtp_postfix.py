"""Postfix as a relay on 25, and its faults of TLS."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.postfix import Postfix, PostfixSender
from ..servers.exim import EximSender
from ..truth import session

MAIL = "printf 'Subject: x\\n\\nx\\n' | sendmail -f %s %s" % (c.FROM, c.TO)


def tls(version='TLSv1.3', **more): return session('starttls', starttls='220', offered=True, tls=version, **more)


@scenario('postfix-relay-clear', Postfix(smtpd_tls_security_level='none'))
def relay_clear(r):
    """Mail to a relay that has no TLS."""
    clear = session('clear', messages=1, offered=False)
    for line in (c.swaks(), c.swaks(host='mx6.example'), c.msmtp(), c.msmtp(host='mx6.example'), c.curl(), c.nodemailer(), c.smtplib()):
        r.run(line, clear)
    r.run(c.swaks('--protocol SMTP'), session('clear', messages=1))
    r.run(c.swaks('--pipeline'), clear)
    r.run(c.swaks('--tls-optional'), clear)
    r.run(c.swaks('--add-header "X-Note: STARTTLS" --body STARTTLS'), clear)
    r.run(MAIL, clear, where=r.sender(PostfixSender, smtp_tls_security_level='may'))


@scenario('postfix-relay-exim', Postfix(smtpd_tls_security_level='none'))
def relay_clear_from_exim(r):
    """Exim sends to a Postfix without TLS: pipelining and BDAT, all in few segments."""
    r.run(MAIL, session('clear', messages=1, offered=False), where=r.sender(EximSender))


@scenario('postfix-relay-dialogues', Postfix(smtpd_tls_security_level='none', smtpd_recipient_restrictions='check_recipient_access inline:{plantednone@mx.example=REJECT},permit',
                                             smtpd_relay_restrictions='permit_mynetworks,reject_unauth_destination'))
def dialogues(r):
    """Probes, refused recipients, VRFY, BDAT, commands in one segment, STARTTLS that nobody offered."""
    nothing, spoke = session('incomplete', offered=False), session('clear', offered=False)
    r.run(c.dialogue('QUIT'), session('incomplete'))
    r.run(c.dialogue('HELO client.example', 'QUIT'), session('incomplete'))
    r.run(c.dialogue('EHLO client.example', 'QUIT'), nothing)
    r.run(c.dialogue('EHLO client.example', 'NOOP', 'RSET', 'QUIT', host='mx6.example'), nothing)
    r.run('nc -q 0 -w 1 mx.example 25 </dev/null', session('incomplete'))
    r.run(c.dialogue('EHLO client.example', 'VRFY plantedto', 'QUIT'), spoke)
    r.run(c.dialogue('EHLO client.example', 'ETRN client.example', 'QUIT'), spoke)
    r.run(c.dialogue('EHLO client.example', 'MAIL FROM:<%s>' % c.FROM, 'RSET', 'QUIT'), spoke)
    r.run(c.swaks('--to plantednone@mx.example'), spoke, says=['Access denied'])
    r.run(c.swaks('--to plantedto@elsewhere.example'), spoke, says=['Relay access denied'])
    r.run(c.dialogue('EHLO client.example', 'MAIL FROM:<%s> BODY=8BITMIME\nRCPT TO:<%s>' % (c.FROM, c.TO), 'BDAT 4 LAST\nxyz', 'QUIT'),
          session('clear', messages=1, offered=False))
    r.run(c.dialogue('EHLO client.example', 'MAIL FROM:<%s>\nRCPT TO:<%s>\nDATA' % (c.FROM, c.TO), 'Subject: x\n\nSTARTTLS\n.\nQUIT'),
          session('clear', messages=1, offered=False))
    r.run(c.dialogue('EHLO client.example', 'MAIL FROM:<%s>' % c.FROM, 'RCPT TO:<%s>' % c.TO, 'DATA', 'x\n.', 'MAIL FROM:<%s>\nRCPT TO:<%s>\nDATA' % (c.FROM, c.TO), 'y\n.', 'QUIT'),
          session('clear', messages=2, offered=False))
    r.run(c.swaks(tls='starttls'), session('incomplete', offered=False), says=['STARTTLS'])
    r.run(c.dialogue('EHLO client.example', 'STARTTLS', 'QUIT'), session('tls_failed', starttls='502', offered=False))
    r.run(c.dialogue('EHLO client.example', 'STARTTLS', 'MAIL FROM:<%s>' % c.FROM, 'QUIT'), session('clear', starttls='502', offered=False))
    r.run(c.nodemailer(tls='starttls'), session('tls_failed', starttls='502', offered=False))
    r.run(c.dialogue('GET / HTTP/1.1\nHost: mx.example\n'), session('other', 'unknown'), says=['221'])
    r.run(c.openssl(starttls=False), session('tls_failed'))
    r.run(c.dialogue('EHLO client.example', 'AUTH PLAIN ' + c.plain(), 'QUIT'), session('clear_auth', offered=False, auth='PLAIN', log_auth=[]))


@scenario('postfix-relay-tls', Postfix())
def relay_tls(r):
    """STARTTLS by every client, and mail in clear although it was offered."""
    for line in (c.swaks(tls='starttls'), c.swaks(tls='starttls', host='mx6.example'), c.curl(tls='starttls'), c.curl('--ssl'), c.msmtp(tls='starttls'),
                 c.msmtp(tls='starttls', host='mx6.example'), c.nodemailer(tls='starttls'), c.nodemailer(ignoreTLS=False),
                 c.smtplib('s.starttls(context=c)'), c.openssl(), c.openssl(host='mx6.example'), c.gnutls_cli(), c.swaks('--tls-optional'),
                 c.swaks('--tls-optional-strict', host='mx6.example')):
        r.run(line, tls())
    for line in (c.swaks('--tls-protocol tlsv1_2', tls='starttls'), c.curl('--tls-max 1.2', tls='starttls'), c.openssl('-tls1_2'),
                 c.gnutls_cli('--insecure --priority NORMAL:-VERS-ALL:+VERS-TLS1.2'), c.msmtp('--tls-priorities=NORMAL:-VERS-ALL:+VERS-TLS1.2', tls='starttls')):
        r.run(line, tls('TLSv1.2'))
    for line in (c.swaks(), c.swaks(host='mx6.example'), c.curl(), c.msmtp(), c.smtplib()):
        r.run(line, session('clear', messages=1, offered=True))
    r.run(c.dialogue('EHLO client.example', 'QUIT'), session('incomplete', offered=True))


@scenario('postfix-relay-senders', Postfix())
def relay_senders(r):
    """Postfix and Exim as senders, with and without TLS."""
    postfix, exim = r.sender(PostfixSender, smtp_tls_security_level='may'), r.sender(EximSender)
    r.run(MAIL, tls(), where=postfix)
    r.run(MAIL, tls(), where=exim)
    for settings, seen in (('smtp_tls_security_level=encrypt', tls()), ("smtp_tls_security_level=may 'smtp_tls_protocols=!TLSv1.3'", tls('TLSv1.2')), ('smtp_tls_protocols= smtp_address_preference=ipv6 relayhost=[mx6.example]', tls()),
                           ('smtp_tls_security_level=none', session('clear', messages=1, offered=True))):
        r.run('postconf -e %s && postfix reload && sleep 0.5; %s' % (settings, MAIL), seen, where=postfix)


@scenario('postfix-relay-greeting', Postfix(smtpd_client_restrictions='reject', smtpd_delay_reject='no'))
def greeting(r):
    """A server that refuses all in its greeting."""
    for line in (c.swaks(), c.swaks(host='mx6.example'), c.msmtp(), c.curl()):
        r.run(line, session('incomplete'), logs=['reject: CONNECT'])


@scenario('postfix-relay-454', Postfix(smtpd_tls_key_file='/etc/tls/other.key'))
def no_key(r):
    """STARTTLS is offered and answered with 454, since the key is not that of the certificate: an honest server's fault."""
    refused = dict(starttls='454', offered=True, strip='possible')
    for line in (c.swaks(tls='starttls'), c.swaks(tls='starttls', host='mx6.example'), c.curl(tls='starttls'), c.msmtp(tls='starttls'), c.nodemailer(tls='starttls'), c.openssl()):
        r.run(line, session('tls_failed', **refused))
    r.run(c.swaks('--tls-optional'), session('clear', messages=1, **refused))
    r.run(c.curl('--ssl'), session('clear', messages=1, **refused))
    r.run(c.nodemailer(ignoreTLS=False), session('tls_failed', **refused))
    r.run(c.nodemailer(ignoreTLS=False, opportunisticTLS=True), session('clear', messages=1, **refused))
    r.run(MAIL, session('clear', messages=1, **refused), where=r.sender(PostfixSender, smtp_tls_security_level='may'))
    r.run(MAIL, session('clear', messages=1, **refused), where=r.sender(EximSender))


@scenario('postfix-relay-broken', Postfix(smtpd_tls_mandatory_protocols='TLSv1.2', smtpd_tls_protocols='TLSv1.2', smtpd_tls_ciphers='high', smtpd_tls_exclude_ciphers='CHACHA20'))
def broken(r):
    """Handshakes that fail: versions and suites that do not fit, authorities that are not known, clients that leave."""
    failed = session('tls_failed', starttls='220', offered=True, log_tls=[])
    r.run(c.swaks('--tls-protocol tlsv1_3', tls='starttls'), failed)
    r.run(c.openssl('-tls1_3'), failed)
    r.run(c.openssl('-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305'), failed)
    r.run(c.gnutls_cli('--insecure --priority NORMAL:-VERS-ALL:+VERS-TLS1.3'), failed)
    r.run(c.curl('--tlsv1.3', tls='starttls'), failed)
    r.run(c.openssl('-verify_return_error -CAfile /etc/tls/other-ca.pem'), failed)
    r.run(c.swaks('--tls-verify --tls-ca-path /etc/tls/other-ca.pem', tls='starttls'), failed)
    r.run(c.curl('--no-insecure --cacert /etc/tls/other-ca.pem', tls='starttls'), failed)
    r.run(c.dialogue('EHLO client.example', 'STARTTLS'), failed)
    r.run(c.dialogue('EHLO client.example', 'STARTTLS', 'QUIT', pause=0.3), failed)


@scenario('postfix-relay-unknown-ca', Postfix())
def unknown_ca(r):
    """TLS 1.3 with an authority that the client does not know."""
    r.run(c.openssl('-verify_return_error -CAfile /etc/tls/other-ca.pem'), session('tls_failed', starttls='220', offered=True))
    r.run(c.swaks('--tls-verify --tls-ca-path /etc/tls/other-ca.pem', tls='starttls'), session('tls_failed', starttls='220', offered=True))
    r.run(c.curl('--no-insecure --cacert /etc/tls/other-ca.pem', tls='starttls'), session('tls_failed', starttls='220', offered=True))
    r.run(c.nodemailer(tls='starttls', verify=True), session('tls_failed', starttls='220', offered=True))
    # msmtp looks at the certificate when the handshake is over: it was completed, and then the client left
    r.run(c.msmtp('--tls=on --tls-trust-file=/etc/tls/other-ca.pem'), tls(), says=['NOT trusted'])
    r.run(c.gnutls_cli('--x509cafile=/etc/tls/other-ca.pem'), session('tls_failed', starttls='220', offered=True))
