"""A headless Chromium that is driven through its debugging pipe: no package beside the browser is needed."""
import json, os, select, subprocess, tempfile, shutil, time


class Chromium:
    """`call` asks one thing of the page and waits for the answer; what the page says meanwhile is kept in `said`."""

    def __init__(self, program='chromium'):
        self.profile = tempfile.mkdtemp(prefix='mailseal-chromium-')
        there, self.out = os.pipe()         # it reads 3 and writes 4
        self.inn, back = os.pipe()
        arguments = [program, '--headless=new', '--remote-debugging-pipe', '--user-data-dir=' + self.profile, '--disable-gpu',
                     '--no-first-run', '--disable-extensions', '--disable-background-networking', '--no-proxy-server',
                     '--host-resolver-rules=MAP * ~NOTFOUND', '--force-color-profile=srgb', '--hide-scrollbars', 'about:blank']
        if os.geteuid() == 0:
            arguments.insert(1, '--no-sandbox')

        def place():
            a, b = os.dup(there), os.dup(back)      # neither may lie where the other has to go
            os.dup2(a, 3)
            os.dup2(b, 4)
        self.process = subprocess.Popen(arguments, close_fds=False, preexec_fn=place, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(back)
        self.buffer, self.number, self.session, self.said = b'', 0, None, []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def receive(self, deadline):
        while b'\0' not in self.buffer:
            if not select.select([self.inn], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError('chromium does not answer')
            part = os.read(self.inn, 1 << 20)
            if not part:
                raise EOFError('chromium has ended')
            self.buffer += part
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def take(self, message):
        method, p = message.get('method'), message.get('params', {})
        if method == 'Log.entryAdded':
            self.said.append(p['entry']['text'])
        elif method == 'Runtime.consoleAPICalled':
            self.said.append(' '.join(str(a.get('value', a.get('description'))) for a in p['args']))
        elif method == 'Runtime.exceptionThrown':
            self.said.append(p['exceptionDetails']['text'])
        elif method == 'Network.requestWillBeSent' and not p['request']['url'].startswith('file:'):
            self.said.append('loads ' + p['request']['url'])
        return method

    def call(self, method, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        data = json.dumps(message).encode() + b'\0'
        while data:
            data = data[os.write(self.out, data):]
        deadline = time.monotonic() + 120
        while True:
            answer = self.receive(deadline)
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError('%s: %s' % (method, answer['error']['message']))
                return answer['result']
            self.take(answer)

    def open(self, path):
        self.call('Page.navigate', url='file://' + path)
        deadline = time.monotonic() + 120
        while self.take(self.receive(deadline)) != 'Page.loadEventFired':
            pass

    def run(self, expression):
        """The value of a JavaScript expression, a promise's too."""
        r = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in r:
            raise RuntimeError(str(r['exceptionDetails'].get('exception', {}).get('description')))
        return r['result'].get('value')

    def look(self, width, scheme, media=''):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.call('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.inn)
        shutil.rmtree(self.profile, ignore_errors=True)
