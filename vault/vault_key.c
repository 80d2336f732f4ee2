/* SPDX-License-Identifier: MIT */
/* vault/vault_key.c -- 32 bytes, or their digits. */
#include "vault/vault_key.h"
#include <limits.h>
#include "base/hex.h"
#include "base/secret_file.h"

enum { MAX_KEY_TEXT = 2 + 2 * AES256_KEY + 2 };          /* 0x, digits, an end of line */

static const char WHAT[] = "the key of the vault";

static err parse(vault_key *out, slice text, const char *where)
{
	uint8_t half[AES256_KEY / 2];

	if (hex_read(half, sizeof half, text)) {
		wipe(half, sizeof half);
		return err_fail(ERR_REQUEST, "%s holds 32 hexadecimal digits: that is half a key for the vault", where);
	}
	if (text.n == AES256_KEY) {
		memcpy(out->b, text.p, AES256_KEY);
		return OK;
	}
	slice digits = text;
	while (digits.n && (digits.p[digits.n - 1] == '\n' || digits.p[digits.n - 1] == '\r')) digits.n--;
	if (text.n <= MAX_KEY_TEXT && hex_read(out->b, sizeof out->b, digits)) return OK;
	return err_fail(ERR_REQUEST, "%s holds no key for the vault: 32 bytes are wanted, or 64 hexadecimal digits, as from: "
	                "openssl rand -hex 32", where);
}

/* One byte more than any key has passes, so that parse tells what is wanted. */
err vault_key_from_file(vault_key *out, const char *path)
{
	AUTO(buf) text = { 0 };

	TRY(secret_from_file(&text, path, WHAT, MAX_KEY_TEXT + 1));
	return parse(out, buf_slice(&text), path);
}

err vault_key_from_descriptor(vault_key *out, int fd)
{
	AUTO(buf) text = { 0 };
	char where[40];

	snprintf(where, sizeof where, "descriptor %d", fd);
	TRY(secret_from_descriptor(&text, fd, WHAT, MAX_KEY_TEXT + 1));
	return parse(out, buf_slice(&text), where);
}

err vault_key_from_credential(vault_key *out, const char *folder, const char *name)
{
	AUTO(buf) text = { 0 };
	char path[PATH_MAX];

	TRY(secret_from_credential(&text, path, folder, name, WHAT, MAX_KEY_TEXT + 1));
	return parse(out, buf_slice(&text), path);
}
