/* SPDX-License-Identifier: MIT */
/*
 * Sealed objects.  First byte 0 or 1: the rest is a file, of an object with an epoch or without; what is accepted is what that
 * plaintext is sealed to under that salt.  2: four bytes of a position, and a plaintext: it is sealed, opens, and does not when the
 * byte there is changed.
 */
#include "fuzz/fuzz.h"
#include "vault/sealed.h"

static const vault_key KEY = {{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 }};
static const id32 ONE = {{ [31] = 1 }}, EPOCH = {{ [0] = 8, [31] = 1 }};

static void fill_salt(void *ctx, uint8_t *out, size_t n)
{
	ASSERT(n == SEALED_SALT);
	memcpy(out, ctx, n);
}

static void read_file(const sealed_place *place, slice file)
{
	AUTO(buf) plain = { 0 }, again = { 0 };

	if (sealed_read(&plain, &KEY, place, file, 1 << 20) != OK) {
		ASSERT(plain.n == 0);
		return;
	}
	uint8_t salt[SEALED_SALT];
	memcpy(salt, file.p + SEALED_HEADER - SEALED_SALT, sizeof salt);
	sealed_write(&again, &KEY, place, buf_slice(&plain), &(rng){ salt, fill_salt });
	ASSERT(slice_eq_var(buf_slice(&again), file));
}

static void change_file(const sealed_place *place, uint32_t position, slice plain)
{
	AUTO(buf) file = { 0 }, again = { 0 };
	uint8_t salt[SEALED_SALT] = { 0 };

	sealed_write(&file, &KEY, place, plain, &(rng){ salt, fill_salt });
	ASSERT(sealed_read(&again, &KEY, place, buf_slice(&file), plain.n) == OK && slice_eq_var(buf_slice(&again), plain));
	buf_clear(&again);
	file.p[position % file.n] ^= (uint8_t)(1 + (position >> 16) % 255);
	ASSERT(sealed_read(&again, &KEY, place, buf_slice(&file), plain.n) != OK && again.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) return 0;
	const sealed_place place = { "FheKeyInfo", data[0] == 0 ? &EPOCH : NULL, &ONE };

	if (data[0] <= 1) read_file(&place, slice_of(data + 1, size - 1));
	if (data[0] == 2 && size > 5) change_file(&place, load32(data + 1), slice_of(data + 5, size - 5));
	err_clear();
	return 0;
}
