"""Courier's IMAP on 143 and 993. It lists no AUTH= unless it is told to."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.courier import Courier
from ..truth import session

LOGIN, LOGOUT = 'a1 LOGIN planteduser PLANTEDpass', 'a9 LOGOUT'
PY_LOGIN = 'm.login("planteduser","PLANTEDpass")'
CRAM = 'IMAP4rev1 UIDPLUS CHILDREN NAMESPACE SORT QUOTA IDLE AUTH=CRAM-MD5 AUTH=PLAIN AUTH=LOGIN'


def clear(auth='LOGIN', command=None, offered=True, **more):
    """Its log calls PLAIN and LOGIN login, as it does the command."""
    return session('clear_auth', 'imap', auth=auth, command=command or ('LOGIN' if auth == 'LOGIN' else 'AUTHENTICATE'), offered=offered,
                   **{'log_auth': ['login'] if auth in ('PLAIN', 'LOGIN') else None, **more})


def nothing(offered=True, **more): return session('incomplete', 'imap', offered=offered, **more)
def upgraded(version='TLSv1.3', inside='login', **more): return session('starttls', 'imap', starttls='OK', offered=True, tls=version, inside=inside, log_tls=['1'] if inside else [], **more)
def implicit(version='TLSv1.3', inside='login', **more): return session('implicit_tls', 'imap', tls=version, inside=inside, log_tls=['1'] if inside else [], **more)


@scenario('courier-imap-clear', Courier(IMAP_CAPABILITY=CRAM))
def imap_clear(r):
    """Logins in clear, though STARTTLS is offered."""
    for line in (c.mbsync(), c.mbsync(host='mx6.example'), c.imaplib(PY_LOGIN, 'm.select()', 'm.fetch("1","(RFC822)")'), c.getmail('imap'), c.fetchmail('imap'),
                 c.talk('imap', 'a1 LOGIN {11}', 'planteduser {11}', 'PLANTEDpass', 'a2 SELECT INBOX', 'a3 FETCH 1 BODY[]', LOGOUT),
                 c.talk('imap', LOGIN, 'a2 APPEND INBOX {13}', 'Subject: x\\r\\n', 'a3 IDLE', 'DONE', LOGOUT)):
        r.run(line, clear())
    for line in (c.curl('imap', mechanism='PLAIN'), c.talk('imap', 'a1 AUTHENTICATE PLAIN', c.plain(), LOGOUT), c.mbsync(mechanism='PLAIN')):
        r.run(line, clear('PLAIN'))
    r.run(c.curl('imap', mechanism='LOGIN'), clear('LOGIN', 'AUTHENTICATE'))
    for line in (c.mbsync(mechanism='CRAM-MD5'), c.curl('imap'), c.fetchmail('imap', 'cram-md5'), c.imaplib('m.login_cram_md5("planteduser","PLANTEDpass")', host='mx6.example')):
        r.run(line, clear('CRAM-MD5'))
    for line in (c.mbsync(password=c.WRONG), c.talk('imap', 'a1 LOGIN planteduser PLANTEDwrong', LOGOUT)):
        r.run(line, clear())
    for line in (c.talk('imap', LOGOUT), c.talk('imap', 'a1 CAPABILITY', LOGOUT), c.talk('imap')):
        r.run(line, nothing())


@scenario('courier-imap-tls', Courier())
def imap_tls(r):
    """STARTTLS and 993."""
    for line in (c.mbsync(tls='starttls'), c.mbsync(tls='starttls', host='mx6.example'), c.imaplib(PY_LOGIN, tls='starttls'), c.fetchmail('imap', tls='starttls'),
                 c.talk('imap', 'a1 STARTTLS', '@tls=1.2', LOGIN, LOGOUT)):
        r.run(line, upgraded('TLSv1.2' if 'tls=1.2' in line else 'TLSv1.3'))
    for line in (c.openssl('imap'), c.gnutls_cli('imap'), c.openssl('imap', '-tls1_2', host='mx6.example')):
        r.run(line, upgraded('TLSv1.2' if '1_2' in line else 'TLSv1.3', inside=None))
    for line in (c.mbsync(tls='implicit'), c.imaplib(PY_LOGIN, tls='implicit', host='mx6.example'), c.fetchmail('imap', tls='implicit')):
        r.run(line, implicit())
    r.run(c.gnutls_cli('imap', tls='implicit'), implicit(inside=None))
    failed = session('tls_failed', 'imap', starttls='OK', offered=True)
    r.run(c.talk('imap', '&a1 STARTTLS', 'a2 NOOP', '@fin', '@read'), failed)
    r.run(c.talk('imap', 'a1 STARTTLS', '@fin', '@read'), failed)
    r.run(c.openssl('imap', '-verify_return_error -CAfile /etc/tls/other-ca.pem'), failed)


@scenario('courier-imap-none', Courier(IMAPDSTARTTLS='NO', IMAP_TLS_REQUIRED='0'))
def none(r):
    """A Courier without STARTTLS."""
    r.run(c.mbsync(), clear(offered=False))
    r.run(c.fetchmail('imap', sslproto='auto'), session('tls_failed', 'imap', starttls='NO', offered=False))
    r.run(c.talk('imap', 'a1 STARTTLS', LOGIN, LOGOUT), clear(offered=False, starttls='NO'))


@scenario('courier-imap-required', Courier(IMAP_TLS_REQUIRED='1'))
def required(r):
    """A Courier that wants TLS before a password."""
    r.run(c.mbsync(), nothing())
    r.run(c.talk('imap', LOGIN, LOGOUT), clear(log_auth=[]))
    r.run(c.mbsync(tls='starttls'), upgraded())
