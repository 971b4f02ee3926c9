#!/usr/bin/env python3
"""Derives the constants of primitives_test.cc and noise_test.cc a second time, with hashlib and its own
arithmetic, and checks those it shares with RFCs. Prints them; run it when a test's constant is doubted.

Independent of the C++ code: BLAKE2s from hashlib, HMAC from hmac, X25519 by the formulas of RFC 7748,
ChaCha20-Poly1305 by those of RFC 8439.
"""
import hashlib
import hmac
import struct

P = 2**255 - 19


def x25519(k, u):
    k = bytearray(k)
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    k = int.from_bytes(k, "little")
    u = int.from_bytes(u, "little") & ((1 << 255) - 1)
    x1, x2, z2, x3, z3, swap = u, 1, 0, u, 1, 0
    for t in reversed(range(255)):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = (x2 + z2) % P, (x2 - z2) % P
        aa, bb = a * a % P, b * b % P
        e = (aa - bb) % P
        c, d = (x3 + z3) % P, (x3 - z3) % P
        da, cb = d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def rotl(x, n):
    return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF


def rounds(x):
    def q(a, b, c, d):
        for add, xor, n in ((a, d, 16), (c, b, 12), (a, d, 8), (c, b, 7)):
            other = b if add == a else d
            x[add] = (x[add] + x[other]) & 0xFFFFFFFF
            x[xor] = rotl(x[xor] ^ x[add], n)
    for _ in range(10):
        q(0, 4, 8, 12), q(1, 5, 9, 13), q(2, 6, 10, 14), q(3, 7, 11, 15)
        q(0, 5, 10, 15), q(1, 6, 11, 12), q(2, 7, 8, 13), q(3, 4, 9, 14)
    return x


CONST = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, counter, nonce):
    start = [*CONST, *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    done = rounds(list(start))
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(start, done)))


def hchacha20(key, nonce16):
    x = rounds([*CONST, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce16)])
    return struct.pack("<8I", *x[:4], *x[12:])


def chacha(key, nonce, data, counter=1):
    out = bytearray()
    for i in range(0, len(data), 64):
        out += bytes(a ^ b for a, b in zip(data[i:i + 64], chacha_block(key, counter + i // 64, nonce)))
    return bytes(out)


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(message), 16):
        acc = (acc + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((acc + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def seal(key, nonce, aad, plain):
    cipher = chacha(key, nonce, plain)
    pad = lambda b: b + bytes(-len(b) % 16)
    mac = pad(aad) + pad(cipher) + struct.pack("<QQ", len(aad), len(cipher))
    return cipher + poly1305(chacha_block(key, 0, nonce)[:32], mac)


def seal_counter(key, counter, aad, plain):
    return seal(key, bytes(4) + struct.pack("<Q", counter), aad, plain)


def xseal(key, nonce, aad, plain):
    return seal(hchacha20(key, nonce[:16]), bytes(4) + nonce[16:], aad, plain)


def H(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def hmac_b2s(key, data):
    return hmac.new(key, data, hashlib.blake2s).digest()


def blake2s_self_test():
    """RFC 7693 appendix E: one hash over hashes of four lengths and six inputs, without and with a key."""
    def sequence(size, seed):
        a, b, out = 0xDEAD4BAD * seed & 0xFFFFFFFF, 1, bytearray()
        for _ in range(size):
            a, b = b, (a + b) & 0xFFFFFFFF
            out.append(b >> 24)
        return bytes(out)
    whole = hashlib.blake2s()
    for size in (16, 20, 28, 32):
        for length in (0, 3, 64, 65, 255, 1024):
            whole.update(hashlib.blake2s(sequence(length, length), digest_size=size).digest())
            whole.update(mac(sequence(size, size), sequence(length, length), size=size))
    return whole.digest()


def kdf(key, data, n):
    prk, last, out = hmac_b2s(key, data), b"", []
    for i in range(n):
        last = hmac_b2s(prk, last + bytes([i + 1]))
        out.append(last)
    return out


def mac(key, *parts, size=16):
    return hashlib.blake2s(b"".join(parts), key=key, digest_size=size).digest()


def handshake(prologue, si, ei, sr, er, psk, payload1, payload2):
    """Returns both Noise messages, the transcript hash and the two transport keys."""
    base = (9).to_bytes(32, "little")
    pub = lambda k: x25519(k, base)
    ck = H(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    h = H(H(ck, prologue), pub(sr))
    h = H(h, pub(ei)); (ck,) = kdf(ck, pub(ei), 1)
    ck, k = kdf(ck, x25519(ei, pub(sr)), 2)
    static = seal_counter(k, 0, h, pub(si)); h = H(h, static)
    ck, k = kdf(ck, x25519(si, pub(sr)), 2)
    text = seal_counter(k, 0, h, payload1); h = H(h, text)
    first = pub(ei) + static + text
    h = H(h, pub(er)); (ck,) = kdf(ck, pub(er), 1)
    (ck,) = kdf(ck, x25519(er, pub(ei)), 1)
    (ck,) = kdf(ck, x25519(er, pub(si)), 1)
    ck, tau, k = kdf(ck, psk, 3)
    h = H(h, tau)
    text = seal_counter(k, 0, h, payload2); h = H(h, text)
    second = pub(er) + text
    return first, second, h, *kdf(ck, b"", 2)


def wireguard_exchange():
    """A whole exchange on the wire with fixed keys, indices and time; see noise_test.cc."""
    base = (9).to_bytes(32, "little")
    si, ei, sr, er = (bytes([n]) * 32 for n in (1, 2, 3, 4))
    psk = bytes([5]) * 32
    stamp = struct.pack(">QI", 0x400000000000000A + 1700000000, 0x2A000000)
    first, second, _, ki, kr = handshake(b"WireGuard v1 zx2c4 Jason@zx2c4.com", si, ei, sr, er, psk, stamp, b"")
    initiation = struct.pack("<II", 1, 0x11223344) + first
    initiation += mac(H(b"mac1----", x25519(sr, base)), initiation) + bytes(16)
    response = struct.pack("<III", 2, 0x55667788, 0x11223344) + second
    response += mac(H(b"mac1----", x25519(si, base)), response) + bytes(16)
    packet = bytes([0x45, 0]) + struct.pack(">H", 44) + bytes([0, 0, 0, 0, 64, 17, 0, 0, 10, 90, 0, 2, 10, 90, 0, 1])
    packet += bytes(range(24)) + bytes(4)  # 44 bytes, padded to 48
    keepalive = struct.pack("<IIQ", 4, 0x55667788, 0) + seal_counter(ki, 0, b"", b"")
    data = struct.pack("<IIQ", 4, 0x11223344, 0) + seal_counter(kr, 0, b"", packet)
    secret, nonce = bytes([6]) * 32, bytes([7]) * 24
    cookie = mac(secret, bytes([192, 0, 2, 1]), struct.pack(">H", 51820))
    reply = struct.pack("<II", 3, 0x11223344) + nonce
    reply += xseal(H(b"cookie--", x25519(sr, base)), nonce, initiation[-32:-16], cookie)
    mac2 = mac(cookie, initiation[:-16])
    return dict(initiation=initiation, response=response, keepalive=keepalive, data=data, cookie_reply=reply, mac2=mac2)


def main():
    # Facts of RFCs first: if one fails, this script is wrong.
    assert x25519(bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                  bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")).hex() == \
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
            b"sunscreen would be it.")
    aad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    key = bytes(range(0x80, 0xA0))
    assert seal(key, bytes.fromhex("070000004041424344454647"), aad, text)[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert xseal(key, bytes(range(0x40, 0x58)), aad, text)[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
    assert x25519(bytes.fromhex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                  bytes.fromhex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")).hex() == \
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
    assert blake2s_self_test().hex() == "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe"
    assert mac(bytes(range(32)), b"", size=32).hex() == "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49"
    # Appendix A.3 of RFC 8439, vectors 7 to 11: what comes of a sum near the modulus.
    two, one, block = b"\2" + bytes(31), b"\1" + bytes(31), b"\xff" * 16
    for poly_key, text, tag in ((two, block, "03"), (b"\2" + bytes(15) + block, b"\2" + bytes(15), "03"),
                                (one, block + b"\xf0" + block[1:] + b"\x11" + bytes(15), "05"),
                                (one, block + b"\xfb" + b"\xfe" * 15 + b"\1" * 16, "00")):
        assert poly1305(poly_key, text).hex() == tag + "00" * 15
    assert poly1305(two, b"\xfd" + block[1:]).hex() == "fa" + "ff" * 15
    print("keystream, key 00..01, block 1", chacha_block(bytes(31) + b"\1", 1, bytes(12)).hex())
    print("keystream, key 00ff..00, block 2", chacha_block(b"\0\xff" + bytes(30), 2, bytes(12)).hex())
    for text, data in ((b"test-key", b"test-input"), (b"wireguard", b"wireguard"), (b"", b"")):
        print("wireguard-go kdf", *(t.hex() for t in kdf(text, data, 3)))
    print("blake2s(abc)", H(b"abc").hex())
    print("chacha20-poly1305 counter 0x4746454443424140", seal_counter(key, 0x4746454443424140, aad, text).hex())
    print("hchacha20", hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")).hex())
    count = lambda n: bytes(i % 256 for i in range(n))
    print("all short", H(b"".join(H(count(n)) + mac(count(1 + n % 31), count(n), size=1 + n % 32)
                                  for n in range(256))).hex())
    print("mac16", mac(bytes(range(32)), bytes(range(100))).hex())
    print("mac32", mac(bytes(range(16)), bytes(range(64)), size=32).hex())
    print("hmac", hmac_b2s(bytes(range(32)), b"what do ya want for nothing?").hex())
    print("hmac long key", hmac_b2s(bytes(range(100)), b"x").hex())
    for i, t in enumerate(kdf(bytes(range(32)), b"input", 3)):
        print(f"kdf {i + 1}", t.hex())
    for name, message in wireguard_exchange().items():
        print(name, message.hex())
    noise = handshake(bytes.fromhex("4a6f686e2047616c74"),
                      bytes.fromhex("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"),
                      bytes.fromhex("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"),
                      bytes.fromhex("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"),
                      bytes.fromhex("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"),
                      b"This is my Austrian perspective!", b"Ludwig von Mises", b"Murray Rothbard")
    # The figures of cacophony's vectors for this protocol; see noise_test.cc.
    assert noise[1].hex().endswith("217755c0632f365717edbf34d33e87a")
    assert seal_counter(noise[3], 0, b"", b"F. A. Hayek").hex().startswith("8153ca9833bc3c1b")
    assert noise[2].hex() == "f5191b875290abcd41347ac3622d9679688a7e980229cb937ef748336cfde0e5"
    print("noise messages", noise[0].hex(), noise[1].hex())


if __name__ == "__main__":
    main()
