/* SPDX-License-Identifier: MIT */
/* fuzz/delegate_kms.h -- a delegation KMS for fuzz targets, the same each time. */
#ifndef ARCA_FUZZ_DELEGATE_KMS_H
#define ARCA_FUZZ_DELEGATE_KMS_H

#include <stdlib.h>
#include "delegate/kms.h"
#include "fuzz/sevens.h"

static delegate_kms *fuzz_kms;
static signer *fuzz_wallet;

/* Leak checkers do not look into guarded memory. */
static void fuzz_kms_release(void)
{
	delegate_kms_free(&fuzz_kms);
	signer_free(&fuzz_wallet);
}

/* For one chain; its key is random if it is not shared. */
static delegate_kms *fuzz_kms_of(delegate_chain chain)
{
	secp_sk sk;

	if (fuzz_kms) return fuzz_kms;
	ASSERT(atexit(fuzz_kms_release) == 0);
	secp_sk_random(&sk, &SEVENS);
	if (!chain.shared) chain.key = sk;
	ASSERT(signer_new(&fuzz_wallet, &sk, &SEVENS) == OK);
	ASSERT(delegate_kms_new(&fuzz_kms, &chain, 1, fuzz_wallet, &SEVENS) == OK);
	return fuzz_kms;
}

#endif
