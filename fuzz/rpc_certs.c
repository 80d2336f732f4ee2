/* SPDX-License-Identifier: MIT */
/* A certificate of another party's authority, as contexts bring it: what is taken has one plain name. */
#include "fuzz/fuzz.h"
#include "rpc/certs.h"

static void check_name(const certs_certificate *c)
{
	char name[CERTS_NAME_MAX + 1];

	const err e = certs_name(name, c);
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) ASSERT(name[0] && strlen(name) <= CERTS_NAME_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice pem = slice_of(data, size);
	certs_certificate *any = NULL, *authority = NULL;

	const err is_any = certs_read(&any, "this", pem), is_authority = certs_read_ca(&authority, "this", pem);
	ASSERT(is_any == OK || is_any == ERR_REQUEST);
	ASSERT(is_authority == OK || is_authority == ERR_REQUEST);
	ASSERT(is_authority != OK || is_any == OK);
	if (is_any == OK) check_name(any);
	certs_certificate_free(&any);
	certs_certificate_free(&authority);
	err_clear();
	return 0;
}
