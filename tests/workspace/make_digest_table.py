"""Prints the table of documents and digests that digest.cpp compares with: `python3 make_digest_table.py > digests.json`.

Every document is drawn from hard cases: doubles at the edges of their printing, integers of any size, characters that
are escaped or are not, keys whose order tells code points from anything else. A document is written with random blanks
and spellings, so that the digest has to come from its content.
"""

import hashlib
import json
import platform
import random
import struct

DRAW = random.Random(20221)

EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 1e-4, 9.999e-5, 1e-5, 1.5e-5, 1e15, 1e16, 9999999999999998.0, 123456789012345680.0,
    1e21, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, 1e100, 1e-100,
    0.30000000000000004, 2.5, 100.0, 4503599627370496.5, 9007199254740992.0, 9007199254740994.0, 1e-7,
]
INTEGERS = [
    0, -1, 7, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, -(2**63) - 1,
    10**16, 10**22, 10**40, 3**600,
]
CHARACTERS = "aZ09 _-/~\"\\\b\t\n\f\r\0\x01\x1f\x7f\x80é\u0130ß\u2028\uffff\ue000中\U0001f600\U0010ffff"


def number_text():
    kind = DRAW.randrange(6)
    if kind == 0:
        value = DRAW.choice(EDGES) * DRAW.choice((1, -1))
    elif kind == 1:
        value = struct.unpack("<d", struct.pack("<Q", DRAW.getrandbits(64)))[0]
    elif kind == 2:
        value = struct.unpack("<d", struct.pack("<Q", DRAW.getrandbits(DRAW.randrange(1, 53))))[0]
    elif kind == 3:
        value = round(DRAW.uniform(-1000, 1000), DRAW.randrange(0, 6))
    elif kind == 4:
        value = float(DRAW.getrandbits(DRAW.randrange(40, 70)))
    else:
        return DRAW.choice(("-0", str(DRAW.choice(INTEGERS)), str(DRAW.getrandbits(DRAW.randrange(1, 90)))))
    if value != value or value in (float("inf"), float("-inf")):
        value = 1.0
    text = repr(value)
    if DRAW.random() < 0.2:
        text = f"{value:.17e}"
    if DRAW.random() < 0.2:
        text = text.replace("e", "E").replace("E+", "E")
    return text


def string_text():
    text = "".join(DRAW.choice(CHARACTERS) for _ in range(DRAW.randrange(0, 6)))
    return json.dumps(text, ensure_ascii=DRAW.random() < 0.5)


def blank():
    return DRAW.choice(("", "", "", " "))


def value_text(depth):
    kind = DRAW.randrange(10)
    if kind < 5 or depth > 3:
        return number_text()
    if kind == 5:
        return string_text()
    if kind == 6:
        return DRAW.choice(("true", "false", "null", "[]", "{}"))
    if kind == 7:
        return "[" + ",".join(blank() + value_text(depth + 1) for _ in range(DRAW.randrange(1, 4))) + blank() + "]"
    return object_text(depth + 1)


def object_text(depth):
    members = {}
    for _ in range(DRAW.randrange(1, 4)):
        key = string_text()
        members[json.loads(key)] = key + blank() + ":" + blank() + value_text(depth)
    return "{" + ",".join(members.values()) + "}"


def digest(text, algorithm):
    canonical = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False)
    return hashlib.new(algorithm, canonical.encode("utf-8")).hexdigest()


def main():
    texts = [object_text(0) for _ in range(1000)]
    rows = [f'[{text}, "{digest(text, "sha256")}", "{digest(text, "md5")[:8]}"]' for text in texts]
    print('{"python": "%s", "rows": [' % platform.python_version())
    print(",\n".join(rows))
    print("]}")


main()
