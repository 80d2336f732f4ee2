/* SPDX-License-Identifier: MIT */
/*
 * tkms/plaintext.c -- values as people write them.
 *
 * A value is at most 256 bits: eight little-endian 32-bit limbs, multiplied and divided by a digit's base.
 */
#include "tkms/encrypt.h"
#include "base/hex.h"

enum { LIMBS = FHE_MAX_BYTES / 4 };

static bool multiply_add(uint32_t limb[static LIMBS], uint32_t factor, uint32_t digit)
{
	uint64_t carry = digit;
	for (unsigned i = 0; i < LIMBS; i++) {
		carry += (uint64_t)limb[i] * factor;
		limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	return carry == 0;
}

static uint32_t divide(uint32_t limb[static LIMBS], uint32_t by)
{
	uint64_t rest = 0;
	for (unsigned i = LIMBS; i-- > 0;) {
		rest = rest << 32 | limb[i];
		limb[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	return (uint32_t)rest;
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9') return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_zero_from(const plaintext *p, unsigned first_byte, unsigned bits)
{
	if (bits % 8 && p->bytes[first_byte] >> bits % 8) return false;
	for (unsigned i = first_byte + (bits % 8 ? 1 : 0); i < FHE_MAX_BYTES; i++)
		if (p->bytes[i]) return false;
	return true;
}

/* The values are secret, so sentences tell type and length only. */
static err too_large(const fhe_type *type, slice text)
{
	return err_fail(ERR_REQUEST, "the value (a text of length %zu) does not fit in %s, which has %u bit%s", text.n, type->name,
	                type->bits, type->bits == 1 ? "" : "s");
}

static err read_digits(uint32_t limb[static LIMBS], const fhe_type *type, slice text)
{
	const bool hex = text.n > 2 && text.p[0] == '0' && (text.p[1] | 0x20) == 'x';
	const uint32_t base = hex ? 16 : 10;
	size_t i = hex ? 2 : 0;

	if (i >= text.n) return err_fail(ERR_REQUEST, "a value of type %s is missing", type->name);
	for (; i < text.n; i++) {
		const int d = digit_of(text.p[i]);
		if (d < 0 || (uint32_t)d >= base)
			return err_fail(ERR_REQUEST, "character %zu of %zu of the value makes it no %s: decimal digits or 0x and "
			                "hexadecimal digits are wanted%s", i + 1, text.n, type->name,
			                type->number == FHE_BOOL ? ", or true or false" : "");
		if (!multiply_add(limb, base, (uint32_t)d)) return too_large(type, text);
	}
	return OK;
}

err plaintext_parse(plaintext *out, const fhe_type *type, slice text)
{
	const bool boolean = type->number == FHE_BOOL, yes = boolean && slice_eq_var(text, slice_str("true")),
	           no = boolean && slice_eq_var(text, slice_str("false"));
	uint32_t limb[LIMBS] = { yes };
	plaintext p = { .type = type };

	err e = yes || no ? OK : read_digits(limb, type, text);
	for (unsigned i = 0; i < LIMBS; i++) store32(p.bytes + 4 * i, limb[i]);
	if (e == OK && !is_zero_from(&p, type->bits / 8, type->bits)) e = too_large(type, text);
	if (e == OK) *out = p;
	wipe(limb, sizeof limb);
	wipe(&p, sizeof p);
	return e;
}

static void print_address(buf *out, const plaintext *p)
{
	uint8_t big_endian[20];

	for (unsigned i = 0; i < sizeof big_endian; i++) big_endian[i] = p->bytes[sizeof big_endian - 1 - i];
	buf_put_str(out, "0x");
	buf_put_hex(out, slice_of(big_endian, sizeof big_endian));
	wipe(big_endian, sizeof big_endian);
}

static void print_decimal(buf *out, const plaintext *p)
{
	char digits[80];                          /* 2^256 has 78 */
	unsigned n = sizeof digits;
	uint32_t limb[LIMBS], any;

	for (unsigned i = 0; i < LIMBS; i++) limb[i] = load32(p->bytes + 4 * i);
	do {
		digits[--n] = (char)('0' + divide(limb, 10));
		any = 0;
		for (unsigned i = 0; i < LIMBS; i++) any |= limb[i];
	} while (any);
	buf_put(out, digits + n, sizeof digits - n);
	wipe(digits, sizeof digits);              /* the limbs were divided down to zero */
}

void plaintext_print(buf *out, const plaintext *p)
{
	if (p->type->number == FHE_BOOL) buf_put_str(out, p->bytes[0] ? "true" : "false");
	else if (p->type->number == FHE_ADDRESS) print_address(out, p);
	else print_decimal(out, p);
}
