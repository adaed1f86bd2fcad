"""Dovecot: IMAP, POP3, LMTP, and ManageSieve by Pigeonhole."""
from ..scenario import Server

CONFIG = """protocols = imap pop3 lmtp sieve
listen = *, ::
auth_failure_delay = 0
auth_realms = mx.example
auth_default_realm = mx.example
auth_username_format = %%Ln
login_log_format_elements = user=<%%u> method=%%m rip=%%r lip=%%l %%c %%k
mail_location = maildir:/var/mail/%%n
first_valid_uid = 8
ssl_cert = </etc/tls/server.pem
ssl_key = </etc/tls/server.key
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  process_min_avail = 1
}
service lmtp {
  inet_listener lmtp {
    port = 24
  }
}
service managesieve-login {
  inet_listener sieve {
    port = 4190
  }
}
protocol lmtp {
  postmaster_address = postmaster@mx.example
  mail_plugins = sieve
}
plugin {
  sieve = file:/var/mail/sieve;active=/var/mail/active.sieve
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%n /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=/var/mail/%%n
}
"""
MESSAGE = 'From: plantedfrom@client.example\nTo: planteduser@mx.example\nSubject: x\n\na1 STARTTLS\nSTLS\nSTARTTLS\n'


class Dovecot(Server):
    """settings are lines of dovecot.conf, `more` is text behind them."""
    name, npm = 'dovecot', []
    packages = ['dovecot-core', 'dovecot-imapd', 'dovecot-pop3d', 'dovecot-lmtpd', 'dovecot-managesieved', 'dovecot-sieve', 'dovecot-gssapi', 'socat']
    start = 'dovecot -F'
    # One line for each session that ends before it is logged in, one for each login. IMAP's LOGIN, POP3's PASS are PLAIN.
    signs = [('tls', r'-login: .*, (?:TLS|TLS: [^,]*), (TLSv[0-9.]+) with cipher'), ('auth', r'-login: (?:Login|.*auth failed).* method=([A-Z0-9-]+)')]

    def __init__(self, mechanisms='plain login', more='', **settings):
        self.settings = {'auth_mechanisms': mechanisms, 'ssl': 'yes', 'disable_plaintext_auth': 'no', **settings}
        self.more = more
        self.ports = [143, 110, 4190, 24] + ([993, 995] if self.settings['ssl'] != 'no' else [])

    def configure(self, place):
        place.write('etc/dovecot/dovecot.conf', CONFIG.replace('%%', '%') + ''.join('%s = %s\n' % s for s in self.settings.items()) + self.more)
        place.write('etc/dovecot/users', 'planteduser:PLANTEDpass\nplantedelse:PLANTEDpass::::::nologin host=imap2.example\n')
        place.do('mkdir -p /var/mail/planteduser/cur /var/mail/planteduser/new /var/mail/planteduser/tmp')
        place.write('var/mail/planteduser/cur/1:2,', MESSAGE)
        place.do('chown -R mail:mail /var/mail')


class PreauthenticatedDovecot(Dovecot):
    """IMAP on 143 without a login, as over a tunnel."""
    start = '/bin/sh /etc/run'
    signs = []

    def __init__(self):
        super().__init__(ssl='no', more='service imap-login {\n  inet_listener imap {\n    port = 0\n  }\n}\n')
        self.ports = [143]

    def configure(self, place):
        super().configure(place)
        place.write('etc/run', 'dovecot\nexec socat TCP6-LISTEN:143,ipv6only=0,fork,reuseaddr EXEC:/usr/bin/imap,su=mail\n')
        place.write('usr/bin/imap', '#!/bin/sh\nexport USER=planteduser HOME=/var/mail/planteduser\nexec /usr/lib/dovecot/imap\n', 0o755)
