"""Command lines of IMAP, POP3, ManageSieve and LMTP clients, for planteduser at mx.example. `tls` is None, 'starttls' or
'implicit'; certificates are not looked at unless it is said otherwise. Names that begin with a protocol speak only that."""
import base64, shlex

USER, PASSWORD, WRONG = 'planteduser', 'PLANTEDpass', 'PLANTEDwrong'
PORTS = {'imap': (143, 993), 'pop3': (110, 995), 'sieve': (4190, 0), 'lmtp': (24, 0)}


def port_of(proto, tls): return PORTS[proto][tls == 'implicit']
def words(*parts): return ' '.join(p for p in parts if p)


def talk(proto, *steps, host='mx.example', port=None, blind=False):
    """tools/recording/talk: a line for each step."""
    return words('talk', '-b' if blind else '', host, str(port or PORTS[proto][0]), *(shlex.quote(s) for s in steps))


def curl(proto, more='', mechanism=None, tls=None, host='mx.example', password=PASSWORD, path='', user=USER):
    """Lists the mailbox; mechanism +APOP is APOP."""
    return words("curl -sS -k '%s%s://%s/%s'" % (proto, 's' if tls == 'implicit' else '', host, path), '--ssl-reqd' if tls == 'starttls' else '',
                 '-u %s:%s' % (user, password) if user else '', "--login-options 'AUTH=%s'" % mechanism if mechanism else '', more)


def configured(name, text, line):
    """Writes the text into the file /tmp/NAME, which the line uses."""
    return "umask 77; printf '%%s\\n' %s > /tmp/%s; %s" % (' '.join(shlex.quote(t) for t in text.strip().split('\n')), name, line)


def mbsync(*more, mechanism='LOGIN', tls=None, host='mx.example', password=PASSWORD):
    """A full run into an empty Maildir."""
    return configured('rc', '\n'.join(['IMAPStore r', 'Host ' + host, 'User ' + USER, 'Pass ' + password, 'AuthMechs ' + mechanism,
                                       'SSLType ' + {None: 'None', 'starttls': 'STARTTLS', 'implicit': 'IMAPS'}[tls],
                                       *(['CertificateFile /etc/tls/ca.pem'] if tls else []), *more, '',
                                       'MaildirStore l', 'Path /tmp/m/', 'Inbox /tmp/m/i', '', 'Channel c', 'Far :r:', 'Near :l:', 'SyncState *']),
                      'rm -rf /tmp/m; mkdir /tmp/m; mbsync -c /tmp/rc -a')


def fetchmail(proto, auth='password', tls=None, host='mx.example', password=PASSWORD, sslproto=None):
    """sslproto '' is no TLS, None the choice that tls stands for."""
    ssl = 'ssl no sslcertck' if tls == 'implicit' else "sslproto '%s' no sslcertck" % (sslproto if sslproto is not None else 'TLS1.2+' if tls else '')
    return configured('rc', "poll %s proto %s auth %s user %s pass %s %s keep mda '/bin/cat >/dev/null'" % (host, proto, auth, USER, password, ssl),
                      'rm -f /tmp/ids; fetchmail -f /tmp/rc --nosyslog --idfile /tmp/ids -v')


def getmail(proto, tls=None, host='mx.example', password=PASSWORD):
    kind = 'Simple%s%sRetriever' % (proto.upper(), 'SSL' if tls == 'implicit' else '')
    return configured('rc', '[retriever]\ntype = %s\nserver = %s\nusername = %s\npassword = %s\n[destination]\ntype = Maildir\npath = /tmp/m/\nuser = mail\n[options]\ndelete = false'
                      % (kind, host, USER, password), 'rm -rf /tmp/m; mkdir -p /tmp/m/cur /tmp/m/new /tmp/m/tmp; chown -R mail /tmp/m; getmail -r /tmp/rc --getmaildir /tmp')


def mpop(more='', auth='user', tls=None, host='mx.example', password=PASSWORD):
    return words('rm -f /tmp/u; mpop --host=%s --user=%s --auth=%s' % (host, USER, auth), "--passwordeval='echo %s'" % password,
                 '--tls=on --tls-certcheck=off --tls-starttls=' + ('on' if tls == 'starttls' else 'off') if tls else '--tls=off',
                 '--keep=on --uidls-file=/tmp/u --deliver=mbox,/tmp/box', more)


def gsasl(mechanism, more='', host='mx.example', password=PASSWORD, tls=None, authority='ca'):
    return words('gsasl --imap --connect %s:143 -m %s -a %s -z %s -p %s --realm=mx.example --quality=qop-auth' % (host, mechanism, USER, USER, password),
                 '--x509-ca-file=/etc/tls/%s.pem' % authority if tls else '--no-starttls', more, '</dev/null')


def cyrus(proto, mechanism, more='', host='mx.example', password=PASSWORD, tls=None):
    """imtest and its sisters; without a layer of SASL unless `more` says -l."""
    program = {'imap': 'imtest', 'pop3': 'pop3test', 'sieve': 'sivtest', 'lmtp': 'lmtptest'}[proto]
    return words("echo . | /usr/lib/cyrus/bin/" + program, {None: '', 'starttls': "-t ''", 'implicit': '-s'}[tls], '-m ' + mechanism, more or '-l 0', '-p %d' % port_of(proto, tls),
                 '-u %s -a %s -w %s -r mx.example %s' % (USER, USER, password, host))


def sieve_connect(action='--list', host='mx.example', password=PASSWORD, more=''):
    return words('echo %s | sieve-connect -s %s -u %s --passwordfd 0 %s' % (password, host, USER, action), more)


def python(*lines): return "python3 -c '%s'" % '; '.join(lines)


def imaplib(*calls, host='mx.example', tls=None):
    return python('import imaplib,ssl', 'c=ssl._create_unverified_context()',
                  'm=imaplib.IMAP4_SSL("%s",ssl_context=c)' % host if tls == 'implicit' else 'm=imaplib.IMAP4("%s")' % host,
                  *(['m.starttls(c)'] if tls == 'starttls' else []), *calls, 'm.logout()')


def poplib(*calls, host='mx.example', tls=None):
    return python('import poplib,ssl', 'c=ssl._create_unverified_context()',
                  'm=poplib.POP3_SSL("%s",context=c)' % host if tls == 'implicit' else 'm=poplib.POP3("%s")' % host,
                  *(['m.stls(c)'] if tls == 'starttls' else []), *calls, 'm.quit()')


LEAVE = {'imap': 'a LOGOUT', 'pop3': 'QUIT', 'sieve': 'LOGOUT', 'lmtp': 'QUIT'}


def openssl(proto, more='', tls='starttls', host='mx.example'):
    return "(sleep 0.4; printf '%s\\r\\n'; sleep 0.2) | openssl s_client -connect %s:%d -quiet %s" % (
        LEAVE[proto], host, port_of(proto, tls), words('-starttls ' + proto if tls == 'starttls' else '', more))


def gnutls_cli(proto, more='--insecure', tls='starttls', host='mx.example'):
    return "(sleep 0.4; printf '%s\\r\\n'; sleep 0.2) | gnutls-cli %s -p %d %s" % (
        LEAVE[proto], host, port_of(proto, tls), words('--starttls-proto=' + proto if tls == 'starttls' else '', more))


def b64(text): return base64.b64encode(text.encode('latin-1')).decode()
def plain(password=PASSWORD): return b64('\0%s\0%s' % (USER, password))
def bearer(token=PASSWORD): return b64('user=%s\1auth=Bearer %s\1\1' % (USER, token))
def oauthbearer(token=PASSWORD): return b64('n,a=%s,\1host=mx.example\1port=143\1auth=Bearer %s\1\1' % (USER, token))


def s_nail(proto, tls=None, host='mx.example', password=PASSWORD):
    """Opens the mailbox and reads a message."""
    settings = ['-S tls-verify=ignore'] + (['-S %s-use-starttls' % proto] if tls == 'starttls' else [])
    return words('printf "type 1\\nxit\\n" | s-nail -n -S v15-compat', *settings, "-f '%s%s://%s:%s@%s/'" % (proto, 's' if tls == 'implicit' else '', USER, password, host))
