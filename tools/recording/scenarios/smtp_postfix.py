"""Postfix on 25, 587 and 465."""
from ..scenario import scenario
from ..servers.postfix import Postfix
from ..truth import session

SWAKS = 'swaks --from plantedfrom@client.example --to plantedto@mx.example --body x --suppress-data '


@scenario('postfix-relay-clear', Postfix(smtpd_tls_security_level='none'))
def relay_clear(r):
    """Mail to a relay that has no TLS."""
    clear = session('clear', messages=1, offered=False)
    r.run(SWAKS + '--server mx.example', clear)
    r.run(SWAKS + '--server mx6.example', clear)
    r.run('printf "Subject: x\\n\\nx\\n" | msmtp --host mx.example --from plantedfrom@client.example plantedto@mx.example', clear)
    r.run('printf "Subject: x\\r\\n\\r\\nx\\r\\n" | curl -s smtp://mx.example --mail-from plantedfrom@client.example --mail-rcpt plantedto@mx.example -T -', clear)


@scenario('postfix-relay-tls', Postfix())
def relay_tls(r):
    """Mail to a relay with STARTTLS, and mail in clear beside it."""
    r.run(SWAKS + '--server mx.example --tls', session('starttls', starttls='220', offered=True, tls='TLSv1.3'))
    r.run(SWAKS + '--server mx6.example --tls --tls-protocol tlsv1_2', session('starttls', starttls='220', offered=True, tls='TLSv1.2'))
    r.run(SWAKS + '--server mx.example', session('clear', messages=1, offered=True))
    r.run('swaks --server mx.example --quit-after EHLO', session('incomplete', offered=True))


@scenario('postfix-submission-clear', Postfix())
def submission_clear(r):
    """Logins on 587 without TLS, though it is offered."""
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'NTLM'):
        r.run(SWAKS + '--server mx.example:587 -au planteduser -ap PLANTEDpass --auth ' + mechanism,
              session('clear_auth', messages=1, offered=True, auth=mechanism))
    r.run(SWAKS + '--server mx.example:587 -au planteduser -ap PLANTEDwrong --auth PLAIN', session('clear_auth', offered=True, auth='PLAIN'),
          logs=['authentication failed'])
    r.run(SWAKS + '--server mx.example:587 --tls -au planteduser -ap PLANTEDpass --auth LOGIN',
          session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside='LOGIN'))
