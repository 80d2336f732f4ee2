/* SPDX-License-Identifier: MIT */
/* delegate/key_file.c */
#include "delegate/key_file.h"
#include <sys/stat.h>
#include "base/file.h"
#include "base/hex.h"
#include "base/secret_file.h"

static const char NO_KEY[] = "this is no private key of 64 hexadecimal digits";

err key_file_read(secp_sk *out, const char *path)
{
	AUTO(buf) text = { 0 };
	uint8_t bytes[SECP_SK];
	struct stat st;

	if (stat(path, &st) == 0 && st.st_size > MAX_KEY_FILE) return err_fail(ERR_REQUEST, "%s: %s", path, NO_KEY);
	TRY(file_read(&text, path, MAX_KEY_FILE));
	if (stat(path, &st) != 0 || st.st_mode & secret_mode_refused(path))
		return err_fail(ERR_STATE, "%s holds a private key and is open to others; try: chmod 600 %s", path, path);
	while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) text.n--;
	err e = hex_read(bytes, sizeof bytes, buf_slice(&text)) ? secp_sk_read(out, bytes)
		: err_fail(ERR_REQUEST, "%s", NO_KEY);
	wipe(bytes, sizeof bytes);
	if (e != OK) err_context("%s: ", path);
	return e;
}

err key_file_write(const char *path, const secp_sk *sk)
{
	AUTO(buf) text = { 0 };
	bool existed;

	buf_put_hex(&text, slice_of(sk->b, sizeof sk->b));
	buf_put_str(&text, "\n");
	TRY(file_write_once(path, buf_slice(&text), 0600, &existed));
	if (existed) return err_fail(ERR_EXISTS, "%s is there already; remove it first, or choose another name", path);
	return OK;
}
