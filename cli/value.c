/* SPDX-License-Identifier: MIT */
/* cli/value.c -- plaintexts of tkms/, with the addresses of evm/. */
#include "cli/value.h"
#include "evm/address.h"

static void checked_text(char out[static ADDRESS_TEXT], const plaintext *p)
{
	eth_address a;

	for (unsigned i = 0; i < sizeof a.b; i++) a.b[i] = p->bytes[sizeof a.b - 1 - i];
	address_text(out, &a);
	wipe(&a, sizeof a);
}

static bool has_checksum(slice text)
{
	bool small = false, capital = false;

	for (size_t i = 2; i < text.n; i++) {                            /* behind 0x */
		small = small || (text.p[i] >= 'a' && text.p[i] <= 'f');
		capital = capital || (text.p[i] >= 'A' && text.p[i] <= 'F');
	}
	return small && capital;
}

/* A number that lacks digits, or has none of 0x, would be another address. */
static err address_check(const plaintext *p, slice text)
{
	char expected[ADDRESS_TEXT];
	err e = OK;

	if (text.n != ADDRESS_TEXT - 1 || text.p[0] != '0' || text.p[1] != 'x')
		return err_fail(ERR_REQUEST, "an address is 0x and 40 hexadecimal digits, and the value has %zu characters", text.n);
	if (!has_checksum(text)) return OK;
	checked_text(expected, p);
	if (!slice_eq_var(text, slice_str(expected)))
		e = err_fail(ERR_REQUEST, "the address has letters of both cases, but not as its checksum (EIP-55) wants them: "
		             "a character is mistyped");
	wipe(expected, sizeof expected);
	return e;
}

err value_parse(plaintext *out, const fhe_type *type, slice text)
{
	plaintext p;

	TRY(plaintext_parse(&p, type, text));
	const err e = type->number == FHE_ADDRESS ? address_check(&p, text) : OK;
	if (e == OK) *out = p;
	wipe(&p, sizeof p);
	return e;
}

void value_print(buf *out, const plaintext *p)
{
	char text[ADDRESS_TEXT];

	if (p->type->number != FHE_ADDRESS) {
		plaintext_print(out, p);
		return;
	}
	checked_text(text, p);
	buf_put_str(out, text);
	wipe(text, sizeof text);
}
