"""Courier's POP3 on 110 and 995."""
from .. import retrieval_clients as c
from ..scenario import scenario
from ..servers.courier import Courier
from ..truth import session

USER, PASS, QUIT = 'USER planteduser', 'PASS PLANTEDpass', 'QUIT'
PY_USER, PY_PASS = 'm.user("planteduser")', 'm.pass_("PLANTEDpass")'


def clear(auth='USER', messages=0, **more):
    return session('clear_auth', 'pop3', auth=auth, messages=messages, **{'log_auth': ['login'] if auth in ('PLAIN', 'LOGIN', 'USER') else None, **more})


def encrypted(verdict, version='TLSv1.3', inside='login', **more):
    return session(verdict, 'pop3', starttls='OK' if verdict == 'starttls' else None, tls=version, inside=inside, log_tls=['1'] if inside else [], **more)


@scenario('courier-pop3-clear', Courier(POP3AUTH='PLAIN LOGIN CRAM-MD5', POP3AUTH_ORIG='PLAIN LOGIN CRAM-MD5'))
def pop3_clear(r):
    """Logins in clear, probes, and STLS that is asked for and given up."""
    for line in (c.mpop(), c.mpop(host='mx6.example'), c.getmail('pop3'), c.fetchmail('pop3'), c.talk('pop3', USER, PASS, 'STAT', 'RETR 1', QUIT)):
        r.run(line, clear(messages=1))
    for mechanism in ('plain', 'login', 'cram-md5'):
        r.run(c.mpop(auth=mechanism), clear(mechanism.upper(), messages=1, offered=True))
    r.run(c.curl('pop3', mechanism='PLAIN'), clear('PLAIN', offered=True))
    r.run(c.poplib(PY_USER, PY_PASS, 'm.stat()'), clear())
    r.run(c.mpop(password=c.WRONG), clear())
    r.run(c.talk('pop3', USER, QUIT), session('clear', 'pop3', auth='USER', exposure='none', log_auth=[]))
    for line in (c.talk('pop3', QUIT), c.talk('pop3', 'CAPA', QUIT), c.talk('pop3')):
        r.run(line, session('incomplete', 'pop3'))
    r.run(c.talk('pop3', 'STLS', '@fin', '@read'), session('tls_failed', 'pop3', starttls='OK'))


@scenario('courier-pop3-tls', Courier())
def pop3_tls(r):
    """STLS and 995."""
    for line in (c.mpop(tls='starttls'), c.mpop(tls='starttls', host='mx6.example'), c.fetchmail('pop3', tls='starttls'), c.poplib(PY_USER, PY_PASS, tls='starttls')):
        r.run(line, encrypted('starttls'))
    for line in (c.openssl('pop3'), c.gnutls_cli('pop3')):
        r.run(line, encrypted('starttls', inside=None))
    for line in (c.mpop(tls='implicit'), c.getmail('pop3', tls='implicit'), c.poplib(PY_USER, PY_PASS, tls='implicit', host='mx6.example')):
        r.run(line, encrypted('implicit_tls'))
    r.run(c.openssl('pop3', '-tls1_2', tls='implicit'), encrypted('implicit_tls', 'TLSv1.2', inside=None))
