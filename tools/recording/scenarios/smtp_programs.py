"""Mail programs and Perl at a Postfix."""
from .. import smtp_clients as c
from ..scenario import scenario
from ..servers.mail_clients import MailClients
from ..servers.postfix import Postfix
from ..truth import session


def snail(url, *settings):
    return "printf 'x\\n' | s-nail -:/ -S v15-compat=yes -S mta=%s -S from=%s -S hostname=client.example -S tls-verify=ignore -S sendwait %s -s x %s" % (
        url, c.FROM, ' '.join('-S ' + s for s in settings), c.TO)


def mutt(url, *settings):
    return "printf 'x\\n' | mutt -n -e 'set smtp_url=%s from=%s hostname=client.example ssl_verify_host=no certificate_file=/etc/tls/ca.pem record= copy=no' %s -s x %s" % (
        url, c.FROM, ' '.join("-e 'set %s'" % s for s in settings), c.TO)


def perl(calls, port=587, more=''):
    return "perl -MNet::SMTP -e 'my $s = Net::SMTP->new(\"mx.example\", Port => %d, Hello => \"client.example\", SSL_verify_mode => 0%s) or die $@; %s $s->mail(\"%s\"); $s->to(\"%s\"); $s->data(\"Subject: x\\n\\nx\\n\"); $s->quit'" % (
        port, more, calls, c.FROM.replace('@', '\\@'), c.TO.replace('@', '\\@'))


def dma(*settings):
    return "printf 'SMARTHOST mx.example\\nMAILNAME client.example\\n%s' > /etc/dma/dma.conf; printf '%s|mx.example:%s\\n' > /etc/dma/auth.conf; printf 'Subject: x\\n\\nx\\n' | dma -D -f %s %s" % (
        ''.join(s + '\\n' for s in settings), c.USER, c.PASSWORD, c.FROM, c.TO)


@scenario('postfix-programs', Postfix())
def programs(r):
    """s-nail, mutt, dma and Perl's Net::SMTP, in clear and with TLS."""
    place = r.sender(MailClients)
    user, secret = c.USER, c.PASSWORD
    clear, helo = session('clear', messages=1, offered=True), session('clear', messages=1)      # HELO where no login is wanted
    def login(mechanism): return session('clear_auth', messages=1, offered=True, auth=mechanism)
    def tls(inside): return session('starttls', starttls='220', offered=True, tls='TLSv1.3', inside=inside)
    for line, seen in (
            (snail('smtp://mx.example:25', 'smtp-auth=none'), helo),
            (snail('smtp://%s:%s@mx.example:587' % (user, secret), 'smtp-auth=plain'), login('PLAIN')),
            (snail('smtp://%s:%s@mx.example:587' % (user, secret), 'smtp-auth=cram-md5'), login('CRAM-MD5')),
            (snail('smtp://%s:%s@mx.example:587' % (user, secret), 'smtp-auth=login', 'smtp-use-starttls'), tls('LOGIN')),
            (snail('smtps://%s:%s@mx.example:465' % (user, secret), 'smtp-auth=plain'), session('implicit_tls', tls='TLSv1.3', inside='PLAIN')),
            (mutt('smtp://mx.example:25', 'ssl_starttls=no', 'ssl_force_tls=no'), helo),
            (mutt('smtp://%s:%s@mx.example:587' % (user, secret), 'ssl_starttls=no', 'ssl_force_tls=no', 'smtp_authenticators=digest-md5'), login('DIGEST-MD5')),
            (mutt('smtp://%s:%s@mx.example:587' % (user, secret), 'ssl_starttls=yes', 'smtp_authenticators=plain'), tls('PLAIN')),
            (perl('', 25), clear),
            (perl('$s->auth("%s", "%s");' % (user, secret)), login('PLAIN')),
            (perl('$s->starttls; $s->auth("%s", "%s");' % (user, secret)), tls('PLAIN')),
            (dma('PORT 25'), clear),
            (dma('PORT 587', 'AUTHPATH /etc/dma/auth.conf', 'INSECURE'), login('CRAM-MD5')),
            (dma('PORT 587', 'AUTHPATH /etc/dma/auth.conf', 'SECURETRANSFER', 'STARTTLS'), tls('CRAM-MD5'))):
        r.run(line, seen, where=place)
