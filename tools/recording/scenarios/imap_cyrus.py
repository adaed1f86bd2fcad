"""Cyrus' IMAP and POP3."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.cyrus import Cyrus
from ..truth import session

LOGIN, LOGOUT = 'a1 LOGIN planteduser PLANTEDpass', 'a9 LOGOUT'
PY_LOGIN = 'm.login("planteduser","PLANTEDpass")'
USER, PASS, QUIT = 'USER planteduser', 'PASS PLANTEDpass', 'QUIT'


def login(log='plaintext', **more): return session('clear_auth', 'imap', auth='LOGIN', command='LOGIN', **{'offered': True, 'log_auth': [log], **more})
def sasl(mechanism, **more): return session('clear_auth', 'imap', auth=mechanism, **{'offered': True, **more})
def nothing(**more): return session('incomplete', 'imap', **{'offered': True, **more})
def upgraded(version='TLSv1.3', inside=None, **more): return session('starttls', 'imap', starttls='OK', offered=True, tls=version, inside=inside, **more)
def implicit(version='TLSv1.3', inside=None, **more): return session('implicit_tls', 'imap', tls=version, inside=inside, **more)


@scenario('cyrus-imap-clear', Cyrus())
def imap_clear(r):
    """Every mechanism in clear, though STARTTLS is offered; DIGEST-MD5 with a layer of its own, too."""
    for line in (c.mbsync(), c.mbsync(host='mx6.example'), c.imaplib(PY_LOGIN, 'm.select()'), c.getmail('imap'), c.fetchmail('imap'),
                 c.talk('imap', 'a1 LOGIN {11}', 'planteduser {11}', 'PLANTEDpass', 'a2 SELECT INBOX', LOGOUT),
                 c.talk('imap', LOGIN, 'a2 CREATE INBOX.planted', 'a3 APPEND INBOX {23}', 'Subject: x\\r\\n\\r\\nSTARTTLS', 'a4 SELECT INBOX', 'a5 FETCH 1 BODY[]', LOGOUT)):
        r.run(line, login())
    for mechanism in ('PLAIN', 'CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        r.run(c.cyrus('imap', mechanism), sasl(mechanism))
        r.run(c.gsasl(mechanism), sasl(mechanism))
    r.run(c.cyrus('imap', 'DIGEST-MD5', '-l 128', host='mx6.example'), sasl('DIGEST-MD5'), says=['strength factor: 128'])
    r.run(c.curl('imap'), sasl('DIGEST-MD5'))
    r.run(c.curl('imap', mechanism='LOGIN'), sasl('LOGIN'))
    for line in (c.mbsync(password=c.WRONG), c.talk('imap', 'a1 LOGIN planteduser PLANTEDwrong', LOGOUT)):
        r.run(line, login())
    r.run(c.gsasl('SCRAM-SHA-256', password=c.WRONG), sasl('SCRAM-SHA-256'))
    for line in (c.talk('imap', LOGOUT), c.talk('imap', 'a1 CAPABILITY', 'a2 ID NIL', LOGOUT), c.talk('imap')):
        r.run(line, nothing())


@scenario('cyrus-imap-tls', Cyrus('PLAIN', allowplaintext='no'))
def imap_tls(r):
    """STARTTLS and 993, at a server that wants TLS before a password."""
    for line in (c.mbsync(tls='starttls'), c.mbsync(tls='starttls', host='mx6.example'), c.imaplib(PY_LOGIN, tls='starttls'), c.fetchmail('imap', tls='starttls')):
        r.run(line, upgraded(inside='plaintext'))
    for line in (c.cyrus('imap', 'PLAIN', tls='starttls'), c.gsasl('PLAIN', tls='starttls'), c.curl('imap', '--tls-max 1.2', tls='starttls')):
        r.run(line, upgraded('TLSv1.2' if '1.2' in line else 'TLSv1.3', inside='PLAIN'))
    for line in (c.openssl('imap'), c.gnutls_cli('imap')):
        r.run(line, upgraded())
    for line in (c.mbsync(tls='implicit'), c.imaplib(PY_LOGIN, tls='implicit', host='mx6.example')):
        r.run(line, implicit(inside='plaintext'))
    r.run(c.cyrus('imap', 'PLAIN', tls='implicit'), implicit(inside='PLAIN'))
    r.run(c.openssl('imap', '-tls1_2', tls='implicit'), implicit('TLSv1.2'))
    r.run(c.mbsync(), nothing())
    r.run(c.talk('imap', LOGIN, LOGOUT), login(log_auth=[]))
    r.run(c.talk('imap', '&a1 STARTTLS', 'a2 NOOP', '@fin', '@read'), session('tls_failed', 'imap', starttls='OK', offered=True))
    r.run(c.talk('imap', 'a1 STARTTLS', '@rst'), session('tls_failed', 'imap', starttls='OK', offered=True))
    r.run(c.openssl('imap', '-verify_return_error -CAfile /etc/tls/other-ca.pem'), session('tls_failed', 'imap', starttls='OK', offered=True))


@scenario('cyrus-imap-one-time', Cyrus('OTP PLAIN'))
def one_time(r):
    """One-time passwords: a response each, right or wrong; and SECURID, which this server has not."""
    r.run(c.cyrus('imap', 'OTP'), sasl('OTP'))
    r.run(c.cyrus('imap', 'OTP', host='mx6.example'), sasl('OTP'))
    r.run(c.cyrus('imap', 'OTP', password=c.WRONG), sasl('OTP'))
    r.run(c.cyrus('pop3', 'OTP'), pop('OTP'))
    r.run(c.cyrus('sieve', 'OTP'), session('clear_auth', 'sieve', auth='OTP'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE OTP', '*', LOGOUT), session('clear', 'imap', auth='OTP', exposure='none'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE SECURID ' + c.b64('\0planteduser\0PLANTED'), LOGOUT), sasl('SECURID'))
    r.run(c.talk('imap', 'a1 AUTHENTICATE SECURID', '*', LOGOUT), session('clear', 'imap', auth='SECURID', exposure='none', log_auth=['SECURID']))


def pop(auth='USER', messages=0, **more):
    return session('clear_auth', 'pop3', auth=auth, messages=messages, **{'log_auth': ['plaintext'] if auth == 'USER' else None, **more})


@scenario('cyrus-pop3', Cyrus(allowapop='yes'))
def pop3(r):
    """POP3 in clear, with STLS and on 995."""
    r.run(c.talk('imap', LOGIN, 'a3 APPEND INBOX {23}', 'Subject: x\\r\\n\\r\\nSTLS\\r\\n..', LOGOUT), login())
    for line in (c.mpop(), c.mpop(host='mx6.example'), c.fetchmail('pop3'), c.talk('pop3', USER, PASS, 'STAT', 'RETR 1', QUIT)):
        r.run(line, pop(messages=1))
    for mechanism in ('plain', 'login', 'cram-md5', 'digest-md5', 'scram-sha-1', 'apop'):
        r.run(c.mpop(auth=mechanism), pop(mechanism.upper(), messages=1))
    r.run(c.cyrus('pop3', 'DIGEST-MD5', '-l 128'), pop('DIGEST-MD5'))
    r.run(c.mpop(password=c.WRONG), pop())
    for line in (c.mpop(tls='starttls'), c.fetchmail('pop3', tls='starttls')):
        r.run(line, session('starttls', 'pop3', starttls='OK', tls='TLSv1.3', inside='plaintext'))
    r.run(c.cyrus('pop3', 'PLAIN', tls='starttls'), session('starttls', 'pop3', starttls='OK', tls='TLSv1.3', inside='PLAIN'))
    r.run(c.mpop(tls='implicit'), session('implicit_tls', 'pop3', tls='TLSv1.3', inside='plaintext'))
    r.run(c.openssl('pop3', tls='implicit'), session('implicit_tls', 'pop3', tls='TLSv1.3'))
    r.run(c.talk('pop3', 'CAPA', QUIT), session('incomplete', 'pop3', offered=True))
