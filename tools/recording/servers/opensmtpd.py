"""OpenSMTPD. That of Debian 12 offers STARTTLS and fails every handshake, by a fault of its own."""
from ..scenario import Server


class OpenSMTPD(Server):
    """`tls` is offered on 25 and 587 or not; it never announces AUTH before TLS."""
    name, packages, npm = 'opensmtpd', ['opensmtpd'], []
    start = 'smtpd -d'
    ports = [25, 587]
    signs = [('tls', r'smtp tls ciphers=(TLSv[0-9.]+):')]

    def __init__(self, tls=True, certificate='server', listen=''):
        self.tls, self.certificate, self.listen = tls, certificate, listen

    def configure(self, place):
        how = ' tls pki "mx.example"' if self.tls else ''
        listeners = ''.join('listen on %s port 25%s %s\nlisten on %s port 587%s%s\n' % (ip, how, self.listen, ip, how, ' auth' if self.tls else '')
                            for ip in ('192.0.2.25', '2001:db8:25::25'))
        place.write('etc/smtpd.conf', 'pki "mx.example" cert "/etc/tls/%s.pem"\npki "mx.example" key "/etc/tls/%s.key"\n%s' % (self.certificate, self.certificate, listeners)
                    + 'action "hole" mda "/bin/cat >/dev/null" virtual { "@" = nobody }\nmatch from any for domain { "mx.example" } action "hole"\n')
        place.do('chmod 600 /etc/tls/*.key')
