/* SPDX-License-Identifier: MIT */
/* tfhers/fhe_type.c -- names, numbers and widths. */
#include "tfhers/fhe_type.h"

static const fhe_type TYPES[] = {
	{ "bool",    FHE_BOOL,      1,   1,  1 },
	{ "uint8",   FHE_UINT8,     8,   4,  1 },
	{ "uint16",  FHE_UINT16,   16,   8,  2 },
	{ "uint32",  FHE_UINT32,   32,  16,  4 },
	{ "uint64",  FHE_UINT64,   64,  32,  8 },
	{ "uint128", FHE_UINT128, 128,  64, 16 },
	{ "address", FHE_ADDRESS, 160,  80, 20 },
	{ "uint256", FHE_UINT256, 256, 128, 32 },
};

const fhe_type *fhe_type_by_number_var(int number)
{
	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (TYPES[i].number == number) return &TYPES[i];
	return NULL;
}

const fhe_type *fhe_type_by_name_var(slice name)
{
	if (slice_eq_var(name, slice_str("uint160"))) return fhe_type_by_number_var(FHE_ADDRESS);
	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (slice_eq_var(name, slice_str(TYPES[i].name))) return &TYPES[i];
	return NULL;
}

const fhe_type *fhe_type_by_blocks_var(bool boolean, size_t blocks)
{
	if (boolean) return blocks == 1 ? &TYPES[0] : NULL;
	for (size_t i = 1; i < COUNT(TYPES); i++)
		if (TYPES[i].blocks == blocks) return &TYPES[i];
	return NULL;
}
