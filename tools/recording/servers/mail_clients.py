"""Mail programs that speak SMTP themselves, in a root of their own."""


class MailClients:
    name, packages, npm = 'mail-clients', ['ca-certificates', 'dma', 'libauthen-sasl-perl', 'libio-socket-ssl-perl', 'libnet-ssleay-perl', 'mutt', 's-nail'], []
    start = 'sleep 1h'

    @staticmethod
    def configure(place): place.do('mkdir -p /root; touch /root/.muttrc')

    @staticmethod
    def wait(place): pass
