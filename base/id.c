/* SPDX-License-Identifier: MIT */
/* base/id.c -- ids as text. */
#include "base/id.h"
#include "base/hex.h"

const id32 ID_DEFAULT_CONTEXT = {{ [0] = 7, [31] = 1 }};
const id32 ID_DEFAULT_EPOCH   = {{ [0] = 8, [31] = 1 }};

static bool blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

err id_parse(id32 *out, const char *what, slice text)
{
	id32 id;

	while (text.n && blank(text.p[0])) text = slice_of(text.p + 1, text.n - 1);
	while (text.n && blank(text.p[text.n - 1])) text.n--;
	if (text.n == 0) return err_fail(ERR_REQUEST, "%s is missing: 64 hexadecimal digits are wanted", what);
	if (!hex_read(id.b, sizeof id.b, text))
		return err_fail(ERR_REQUEST, "%s is not an id: 64 hexadecimal digits are wanted, %zu characters came", what, text.n);
	if (id_is_zero_var(&id)) return err_fail(ERR_REQUEST, "%s is all zero, which is no valid id", what);
	*out = id;
	return OK;
}

void id_text(char out[static ID_TEXT], const id32 *id)
{
	hex_write(out, id_slice(id));
}

bool id_eq_var(const id32 *a, const id32 *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool id_is_zero_var(const id32 *id)
{
	static const id32 zero;
	return id_eq_var(id, &zero);
}
