#!/usr/bin/env python3
"""Cuts published AES-GCM vectors down to what Signet implements: 256-bit keys, 96-bit nonces, 128-bit tags.

usage: cut.py gcmDecrypt256.rsp gcmEncryptExtIV256.rsp aes_gcm_test.json OUTPUT_DIRECTORY
"""
import json
import os
import re
import sys


def cut_nist(source, target):
    """Keeps the comment lines and every section headed [IVlen = 96] and [Taglen = 128], unchanged."""
    with open(source, encoding="ascii") as file:
        text = file.read().replace("\r\n", "\n")
    # A section: its bracketed lines, then its cases up to the next bracketed line.
    sections = re.findall(r"((?:^\[[^\n]*\]\n)+)([^\[]*)", text, flags=re.MULTILINE)
    comments = [line for line in text.split("\n") if line.startswith("#")]
    with open(target, "w", encoding="ascii") as file:
        file.write("\n".join(comments) + "\n\n")
        for head, cases in sections:
            if "[IVlen = 96]" in head and "[Taglen = 128]" in head:
                file.write(head + cases.rstrip("\n") + "\n\n")


def cut_wycheproof(source, target):
    with open(source, encoding="utf-8") as file:
        data = json.load(file)
    data["testGroups"] = [
        group
        for group in data["testGroups"]
        if (group["keySize"], group["ivSize"], group["tagSize"]) == (256, 96, 128)
    ]
    data["numberOfTests"] = sum(len(group["tests"]) for group in data["testGroups"])
    with open(target, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, ensure_ascii=True)
        file.write("\n")


def main():
    decrypt, encrypt, wycheproof, output = sys.argv[1:]
    cut_nist(decrypt, os.path.join(output, "nist_gcm_decrypt_256.rsp"))
    cut_nist(encrypt, os.path.join(output, "nist_gcm_encrypt_256.rsp"))
    cut_wycheproof(wycheproof, os.path.join(output, "wycheproof_aes_gcm_256.json"))


main()
