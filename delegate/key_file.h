/* SPDX-License-Identifier: MIT */
/*
 * delegate/key_file.h -- a secp256k1 private key as a file: 64 hexadecimal digits, 0x in front or not, and a line's end; for its
 * owner alone, or one of systemd's credentials (base/secret_file.h).  Protocol keys, wallets and gateways' keys are kept so.
 */
#ifndef ARCA_DELEGATE_KEY_FILE_H
#define ARCA_DELEGATE_KEY_FILE_H

#include "curve/secp.h"

enum { MAX_KEY_FILE = 256 };

/* ERR_NOT_FOUND, ERR_IO; ERR_REQUEST: no key; ERR_STATE: others may read it. */
err  key_file_read(secp_sk *out, const char *path);
/* 0600.  ERR_EXISTS: a key that is overwritten is lost. */
err  key_file_write(const char *path, const secp_sk *sk);

#endif
