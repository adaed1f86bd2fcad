"""Command lines of SMTP clients. Each sends one small message from plantedfrom@client.example to plantedto@mx.example.
`mechanism` logs in as planteduser; `tls` is None, 'starttls' or 'implicit'; certificates are not looked at unless it is
said otherwise."""
import base64, json

FROM, TO, USER, PASSWORD, WRONG = 'plantedfrom@client.example', 'plantedto@mx.example', 'planteduser', 'PLANTEDpass', 'PLANTEDwrong'
MESSAGE = "printf 'Subject: x\\r\\n\\r\\nx\\r\\n'"


def swaks(more='', host='mx.example', port=25, mechanism=None, tls=None, password=PASSWORD):
    line = 'swaks --server %s -p %d --suppress-data --from %s --to %s --body x' % (host, port, FROM, TO)
    line += {None: '', 'starttls': ' --tls', 'implicit': ' --tls-on-connect'}[tls]
    if mechanism:
        line += ' --auth %s -au %s -ap %s' % (mechanism, USER, password)
    return (line + ' ' + more).strip()


def curl(more='', host='mx.example', port=25, mechanism=None, tls=None, password=PASSWORD):
    line = '%s | curl -sS -k %s://%s:%d --mail-from %s --mail-rcpt %s -T -' % (MESSAGE, 'smtps' if tls == 'implicit' else 'smtp', host, port, FROM, TO)
    if tls == 'starttls':
        line += ' --ssl-reqd'
    if mechanism:
        line += " -u %s:%s --login-options AUTH=%s" % (USER, password, mechanism)
    return (line + ' ' + more).strip()


def msmtp(more='', host='mx.example', port=25, mechanism=None, tls=None, password=PASSWORD):
    line = '%s | msmtp --host %s --port %d --from %s' % (MESSAGE, host, port, FROM)
    if tls:
        line += ' --tls=on --tls-certcheck=off --tls-starttls=' + ('on' if tls == 'starttls' else 'off')
    if mechanism:
        line += " --auth=%s --user=%s --passwordeval='echo %s'" % (mechanism.lower(), USER, password)
    return ' '.join([line, more, TO]).replace('  ', ' ')


def nodemailer(host='mx.example', port=25, mechanism=None, tls=None, password=PASSWORD, node='nodejs', verify=False, **more):
    options = {'host': host, 'port': port, 'name': 'client.example', 'secure': tls == 'implicit', 'ignoreTLS': tls is None, 'requireTLS': tls == 'starttls',
               'tls': {'rejectUnauthorized': verify}}
    if mechanism == 'XOAUTH2':
        options['auth'] = {'type': 'OAuth2', 'user': USER, 'accessToken': password}
    elif mechanism:
        options['auth'], options['authMethod'] = {'user': USER, 'pass': password}, mechanism
    options.update(more)
    return "%s -e 'require(\"nodemailer\").createTransport(%s).sendMail({from:\"%s\",to:\"%s\",subject:\"x\",text:\"x\"}).then(()=>console.log(\"sent\"),console.log)'" % (
        node, json.dumps(options), FROM, TO)


def smtplib(*calls, host='mx.example', port=25, kind='SMTP', send=True):
    """Python's: the calls on the object s in their order."""
    lines = ['import smtplib,ssl', 'c=ssl._create_unverified_context()', 's=smtplib.%s("%s",%d,local_hostname="client.example"%s)'
             % (kind, host, port, ',context=c' if kind == 'SMTP_SSL' else '')]
    lines += calls + (('s.sendmail("%s","%s","Subject: x\\n\\nx")' % (FROM, TO),) if send else ()) + ('s.quit()',)
    return "python3 -c '%s'" % '\n'.join(lines)


def login(password=PASSWORD): return 's.login("%s","%s")' % (USER, password)


def gsasl(mechanism, more='', host='mx.example', port=587, password=PASSWORD):
    return ('gsasl --smtp --connect %s:%d -m %s -a %s -z %s -p %s --quality=qop-auth %s </dev/null' % (host, port, mechanism, USER, USER, password, more)).replace('  ', ' ')


def openssl(more='', host='mx.example', port=25, say='QUIT\\r\\n', starttls=True):
    return "(sleep 0.3; printf '%s'; sleep 0.3) | openssl s_client -connect %s:%d -quiet%s %s" % (say, host, port, ' -starttls smtp' if starttls else '', more)


def gnutls_cli(more='--insecure', host='mx.example', port=25, starttls=True):
    return "(sleep 0.3; printf 'EHLO client.example\\r\\nQUIT\\r\\n'; sleep 0.3) | gnutls-cli %s -p %d%s %s" % (
        host, port, ' --starttls-proto=smtp' if starttls else '', more)


def dialogue(*lines, host='mx.example', port=25, pause=0.15):
    """Lines typed by hand: each is sent when the one before had its answer; lines with a \\n in them go out at once."""
    sent = '; '.join("sleep %s; printf '%s\\r\\n'" % (pause, line.replace('%', '%%').replace('\n', '\\r\\n')) for line in lines)
    return '(%s; sleep %s) | nc -q 2 -w 5 %s %d' % (sent, pause, host, port)


def b64(text): return base64.b64encode(text.encode()).decode()
def plain(password=PASSWORD, user=USER): return b64('\0%s\0%s' % (user, password))
def bearer(token=PASSWORD): return b64('user=%s\1auth=Bearer %s\1\1' % (USER, token))
