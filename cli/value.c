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

err value_parse(plaintext *out, const fhe_type *type, slice text)
{
	char expected[ADDRESS_TEXT];
	plaintext p;

	TRY(plaintext_parse(&p, type, text));
	err e = OK;
	if (type->number == FHE_ADDRESS && has_checksum(text)) {
		checked_text(expected, &p);
		if (!slice_eq_var(text, slice_str(expected)))
			e = err_fail(ERR_REQUEST, "the address has letters of both cases, but not as its checksum (EIP-55) wants them: "
			             "a character is mistyped");
		wipe(expected, sizeof expected);
	}
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
