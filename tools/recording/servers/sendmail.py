"""Sendmail with Cyrus SASL. It keeps what it takes in its queue."""
from ..scenario import Server

MC = """divert(0)dnl
VERSIONID(`record')dnl
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `mx.example')dnl
define(`confDELIVERY_MODE', `queueonly')dnl
define(`confTO_IDENT', `0')dnl
define(`confRUN_AS_USER', `root:smmsp')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupReadableKeyFile,GroupReadableSASLDBFile')dnl
FEATURE(`no_default_msa')dnl
undefine(`ALIAS_FILE')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
DAEMON_OPTIONS(`Name=MTA, Family=inet6, Port=25')dnl
DAEMON_OPTIONS(`Name=MSA, Family=inet6, Port=587, M=E')dnl
TRUST_AUTH_MECH(`%(mechanisms)s')dnl
define(`confAUTH_MECHANISMS', `%(mechanisms)s')dnl
%(more)s
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Cwmx.example mx6.example
"""
TLS = """define(`confCACERT_PATH', `/etc/tls')dnl
define(`confCACERT', `/etc/tls/ca.pem')dnl
define(`confSERVER_CERT', `/etc/tls/%s.pem')dnl
define(`confSERVER_KEY', `/etc/tls/%s.key')dnl
"""


class Sendmail(Server):
    """`certificate` is one of /etc/tls, or None for no TLS; `more` are lines of m4."""
    name, packages, npm = 'sendmail', ['sendmail-bin', 'm4', 'libsasl2-modules', 'libsasl2-modules-db', 'sasl2-bin'], []
    start = '/usr/sbin/sendmail -bD'
    ports = [25, 587]
    signs = [('tls', r'STARTTLS=server, .*version=(TLSv[0-9.]+)'), ('auth', r'AUTH=server, .*mech=([A-Z0-9-]+)'), ('auth', r'AUTH failure \(([A-Z0-9-]+)\)')]

    def __init__(self, certificate='server', mechanisms='PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM', more=''):
        self.more = more + (TLS % (certificate, certificate) if certificate else '')
        self.mechanisms = mechanisms

    def configure(self, place):
        place.write('etc/mail/record.mc', "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n" + MC % {'mechanisms': self.mechanisms, 'more': self.more})
        place.write('etc/mail/local-host-names', '')
        place.write('etc/mail/trusted-users', 'root\n')
        place.do('m4 /etc/mail/record.mc > /etc/mail/sendmail.cf; useradd -m plantedto || true; mkdir -p /run/sendmail/mta /var/lib/sendmail/host_status;'
                 'chown -R root:smmsp /var/spool/mqueue /run/sendmail /etc/mail; chmod 770 /var/spool/mqueue')
        place.write('etc/mail/sasl/Sendmail.conf.2', 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: /etc/sasldb2\nmech_list: %s\n' % self.mechanisms)
        place.do('mkdir -p /etc/sasl2 /usr/lib/sasl2; for d in /etc/sasl2 /usr/lib/sasl2 /etc/sasl; do mkdir -p $d; cp -f /etc/mail/sasl/Sendmail.conf.2 $d/Sendmail.conf; done;'
                 'printf PLANTEDpass | saslpasswd2 -p -c -u mx.example planteduser; chmod 640 /etc/sasldb2; chmod 640 /etc/tls/*.key; chgrp smmsp /etc/sasldb2')
