"""Courier: IMAP and POP3."""
from ..scenario import Server

START = """#!/bin/sh
mkdir -p /run/courier/authdaemon; chown daemon /run/courier /run/courier/authdaemon
authdaemond start
for server in %s; do $server start; done
exec sleep infinity
"""
USER = """mkdir -p /var/mail/planteduser; maildirmake.courier /var/mail/planteduser/Maildir 2>/dev/null || maildirmake /var/mail/planteduser/Maildir
printf '%s' > /var/mail/planteduser/Maildir/cur/1:2,
chown -R mail:mail /var/mail/planteduser
userdb planteduser set uid=8 gid=8 home=/var/mail/planteduser mail=/var/mail/planteduser/Maildir
echo PLANTEDpass | userdbpw -md5 | userdb planteduser set systempw
for h in md5 sha1 sha256; do echo PLANTEDpass | userdbpw -hmac-$h | userdb planteduser set hmac-${h}pw; done
chmod 700 /etc/courier/userdb; makeuserdb
cat /etc/tls/server.key /etc/tls/server.pem > /etc/courier/both.pem; chown courier /etc/courier/both.pem; chmod 600 /etc/courier/both.pem
sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/; s/^DEBUG_LOGIN=.*/DEBUG_LOGIN=%d/' /etc/courier/authdaemonrc
sed -i 's/^MAXPERIP=.*/MAXPERIP=100/' /etc/courier/imapd /etc/courier/pop3d"""
MESSAGE = 'From: plantedfrom@client.example\\nTo: planteduser@mx.example\\nSubject: x\\n\\na1 STARTTLS\\nSTLS\\nSTARTTLS\\n'


class Courier(Server):
    """settings are NAME=VALUE of imapd, imapd-ssl, pop3d, pop3d-ssl, all of them."""
    name, npm = 'courier', []
    packages = ['courier-imap', 'courier-pop', 'courier-authlib-userdb', 'courier-authdaemon']
    start = '/bin/sh /etc/courier/run'
    ports = [143, 993, 110, 995]
    # each try of a password, and each end of a session with TLS that was logged in
    signs = [('auth', r'received auth request, service=\w+, authtype=([a-z0-9-]+)'), ('tls', r'LOGOUT, .*(?:starttls|stls)=(1)')]

    def __init__(self, **settings):
        self.settings = {'TLS_CERTFILE': '/etc/courier/both.pem', 'IMAPDSTARTTLS': 'YES', 'POP3_STARTTLS': 'YES', **settings}

    def configure(self, place):
        place.write('etc/courier/run', START % 'imapd imapd-ssl pop3d pop3d-ssl')
        place.do(USER % (MESSAGE, 1))
        for name in ('imapd', 'imapd-ssl', 'pop3d', 'pop3d-ssl'):
            with open(place.path('etc/courier/' + name), 'a', encoding='utf-8') as f:
                f.write(''.join('%s="%s"\n' % s for s in self.settings.items()))
