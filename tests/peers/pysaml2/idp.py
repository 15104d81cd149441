"""pysaml2 (PyPI) as SAML identity providers on one free loopback port: one for each combination of
what is signed, whether it is encrypted, and with which kind of key.

Argument, JSON: { folder, host, people: { login: { password, name } }, combinations: { name:
{ signed: "response" | "assertion" | "both", encrypted, key: "rsa" | "ecdsa", domain } } }.
Prints one line of JSON: { url, combinations: { name: { metadata, serviceProvider } } }. A combination
works once the service provider's metadata lies in the file `serviceProvider`. Addresses are
`login@domain`.
"""

import functools
import html
import http.server
import json
import os
import socketserver
import subprocess
import sys
import threading
import urllib.parse

import saml2
import saml2.entity
import saml2.metadata
import saml2.server
from saml2 import saml, sigver, xmldsig

# The library encrypts with Triple DES unless it is told otherwise, which nobody should accept.
saml2.entity.pre_encryption_part = functools.partial(
    sigver.pre_encryption_part, msg_enc="http://www.w3.org/2009/xmlenc11#aes128-gcm"
)
# The library lists RSA only, though libxmlsec1, which signs for it, does ECDSA too.
saml2.entity.SIG_ALLOWED_ALG += (("SIG_ECDSA_SHA256", xmldsig.SIG_ECDSA_SHA256),)
encrypt_assertion = sigver.CryptoBackendXmlSec1.encrypt_assertion


def encrypt_with_aes(self, statement, enc_key, template, key_type="", node_xpath=None, node_id=None):
    return encrypt_assertion(self, statement, enc_key, template, "aes-128", node_xpath, node_id)


sigver.CryptoBackendXmlSec1.encrypt_assertion = encrypt_with_aes

KEYS = {"rsa": ["rsa:2048"], "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]}
ALGORITHMS = {"rsa": xmldsig.SIG_RSA_SHA256, "ecdsa": xmldsig.SIG_ECDSA_SHA256}
PASSWORD = saml.AUTHN_PASSWORD_PROTECTED


class Combination:
    """One identity provider, made when it is first asked for."""

    def __init__(self, name, wanted, folder, url):
        self.name, self.wanted, self.url = name, wanted, f"{url}/{name}"
        self.key, self.certificate = (os.path.join(folder, f"{wanted['key']}.{end}") for end in ("key", "pem"))
        self.service_provider = os.path.join(folder, f"sp-{name}.xml")
        self.lock, self.server = threading.Lock(), None

    def configuration(self):
        known = [self.service_provider] if os.path.exists(self.service_provider) else []
        return {
            "entityid": f"{self.url}/metadata",
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": [(f"{self.url}/sso", saml2.BINDING_HTTP_REDIRECT)]},
                    "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
                    "name_id_format": [saml.NAMEID_FORMAT_PERSISTENT],
                }
            },
            "key_file": self.key,
            "cert_file": self.certificate,
            "metadata": {"local": known},
            "xmlsec_binary": "/usr/bin/xmlsec1",
        }

    def metadata(self):
        config = saml2.config.IdPConfig().load(self.configuration())
        return str(saml2.metadata.entity_descriptor(config))

    def form(self, query, login, person):
        """The page that carries the response to the service provider."""
        with self.lock:
            if self.server is None:
                self.server = saml2.server.Server(config=saml2.config.IdPConfig().load(self.configuration()))
            request = self.server.parse_authn_request(query["SAMLRequest"], saml2.BINDING_HTTP_REDIRECT)
            to = self.server.response_args(request.message)
            signed = self.wanted["signed"]
            response = self.server.create_authn_response(
                {"mail": [f"{login}@{self.wanted['domain']}"], "displayName": [person["name"]]},
                name_id=saml.NameID(format=saml.NAMEID_FORMAT_PERSISTENT, text=f"id-{login}"),
                authn={"class_ref": PASSWORD, "authn_auth": self.url},
                sign_response=signed in ("response", "both"),
                sign_assertion=signed in ("assertion", "both"),
                encrypt_assertion=self.wanted["encrypted"],
                encrypt_assertion_self_contained=True,
                sign_alg=ALGORITHMS[self.wanted["key"]],
                digest_alg=xmldsig.DIGEST_SHA256,
                **to,
            )
            sent = self.server.apply_binding(
                saml2.BINDING_HTTP_POST, str(response), to["destination"], query.get("RelayState", ""), response=True
            )
            return sent["data"]


class Handler(http.server.BaseHTTPRequestHandler):
    combinations, people = {}, {}

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body):
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        name, _, what = path.lstrip("/").partition("/")
        combination = self.combinations.get(name)
        if combination and what == "metadata":
            return self.answer(200, "application/samlmetadata+xml", combination.metadata())
        if not combination or what != "sso":
            return self.answer(404, "text/plain", "nothing here")
        fields = urllib.parse.parse_qsl(query, keep_blank_values=True)
        hidden = "".join(f'<input type="hidden" name="{html.escape(n)}" value="{html.escape(v)}">' for n, v in fields)
        return self.answer(
            200,
            "text/html",
            f'<!doctype html><title>pysaml2</title><form method="post" action="/{name}/sso">{hidden}<label>Login '
            '<input name="username"></label><label>Password <input name="password" type="password"></label>'
            "<button>Sign in</button></form>",
        )

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers["Content-Length"]), 100_000)).decode()
        fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        combination = self.combinations.get(self.path.split("/")[1])
        person = self.people.get(fields.get("username"))
        if not combination or not person or person["password"] != fields.get("password"):
            return self.answer(403, "text/plain", "wrong login or password")
        try:
            return self.answer(200, "text/html", combination.form(fields, fields["username"], person))
        except Exception as problem:  # what went wrong is for the one who reads the run
            print(f"{combination.name}: {problem!r}", file=sys.stderr, flush=True)
            return self.answer(500, "text/plain", repr(problem))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    wanted = json.loads(sys.argv[1])
    folder = wanted["folder"]
    os.makedirs(folder, exist_ok=True)
    for kind, options in KEYS.items():
        key, certificate = os.path.join(folder, f"{kind}.key"), os.path.join(folder, f"{kind}.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", *options, "-nodes", "-days", "30", "-subj", f"/CN={wanted['host']}",
             "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
    server = Server(("127.0.0.1", 0), Handler)
    url = f"http://{wanted['host']}:{server.server_address[1]}"
    Handler.people = wanted["people"]
    Handler.combinations = {
        name: Combination(name, combination, folder, url) for name, combination in wanted["combinations"].items()
    }
    made = {
        name: {"metadata": f"{c.url}/metadata", "serviceProvider": c.service_provider}
        for name, c in Handler.combinations.items()
    }
    print(json.dumps({"url": url, "combinations": made}), flush=True)
    server.serve_forever()


main()
