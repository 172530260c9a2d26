"""Encrypted cookies and tokens, written a second time from their description, on Debian's python3-cryptography.

Standard input has a JSON list of cases, standard output what came of each. `seal` makes a value of `text`; `open` takes
`value` apart and gives its text. `record` as the argument prints test/fixtures/encryption-vectors.json instead.
"""

import base64
import hashlib
import json
import os
import sys
import zlib

import cryptography
from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HASHES = {'sha256': hashes.SHA256, 'sha384': hashes.SHA384, 'sha512': hashes.SHA512}


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()


def decode(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def key_for(case, purpose):
    parts = [b'1', purpose.encode(), case['name'].encode(), case['salt'].encode()]
    info = b''.join(len(part).to_bytes(4, 'big') + part for part in parts)
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b'fastify-signed-session', info=info)
    return hkdf.derive(case['secret'].encode())


def cipher_for(case, nonce):
    return Cipher(algorithms.AES(key_for(case, case['purpose'] + '-encryption')), modes.CTR(nonce))


def signature_of(case, text):
    mac = hmac.HMAC(key_for(case, case['purpose']), HASHES[case['digest']]())
    mac.update(text.encode())
    return encode(mac.finalize())


def seal(case):
    raw = case['text'].encode()
    deflated = zlib.compress(raw) if case['compress'] else raw
    raw, dot = (deflated, '.') if len(deflated) < len(raw) - 1 else (raw, '')
    random = bytes.fromhex(case['random']) if 'random' in case else os.urandom(16)
    nonce = hashlib.sha256(random + raw).digest()[:16]
    encryptor = cipher_for(case, nonce).encryptor()
    value = '~' + dot + encode(nonce + encryptor.update(raw) + encryptor.finalize())
    if case['time'] is not None:
        stamp = case['time'].to_bytes((case['time'].bit_length() + 7) // 8, 'big')
        value += '.' + encode(stamp)
    return value + '.' + signature_of(case, value)


def open_value(case):
    signed, _, signature = case['value'].rpartition('.')
    if not constant_time.bytes_eq(signature_of(case, signed).encode(), signature.encode()):
        return None
    payload = signed if case['time'] is None else signed.rpartition('.')[0]
    raw = decode(payload.lstrip('~.'))
    decryptor = cipher_for(case, raw[:16]).decryptor()
    text = decryptor.update(raw[16:]) + decryptor.finalize()
    return (zlib.decompress(text) if payload.startswith('~.') else text).decode()


def cases():
    session = {
        'purpose': 'session', 'name': 'session', 'salt': '', 'secret': 'a secret of the vectors, 0123456789 abcdef',
        'digest': 'sha256', 'time': 1700000000, 'compress': False
    }
    token = {**session, 'purpose': 'token', 'name': '', 'salt': 'password-reset'}
    yield {**session, 'text': '{"a":1}'}
    yield {**session, 'text': '{}', 'time': 2 ** 32}
    yield {**session, 'text': '{"_id":"AAAAAAAAAAAAAAAAAAAAAA","user":"é 日本 😀"}', 'salt': 'é', 'name': '__Host-s'}
    yield {**session, 'text': json.dumps({'text': 'text ' * 60}), 'compress': True, 'digest': 'sha384'}
    yield {**session, 'text': json.dumps({'no': 'gain'}), 'compress': True, 'digest': 'sha512'}
    yield {**session, 'text': json.dumps({'long': 'x' * 3000})}
    yield {**token, 'text': '42'}
    yield {**token, 'text': '"reset"', 'time': None, 'salt': 'unsubscribe'}
    yield {**token, 'text': json.dumps(['list'] * 40), 'time': None, 'compress': True}


def record():
    made = []
    for index, case in enumerate(cases()):
        case = {**case, 'random': hashlib.sha256(b'case %d' % index).digest()[:16].hex()}
        made.append({**case, 'value': seal(case)})
    source = f'test/support/encryption.py with cryptography {cryptography.__version__}; random bytes as hex'
    print(json.dumps({'source': source, 'cases': made}, indent=2))


if sys.argv[1:] == ['record']:
    record()
else:
    actions = {'seal': seal, 'open': open_value}
    print(json.dumps([actions[case['action']](case) for case in json.load(sys.stdin)]))
