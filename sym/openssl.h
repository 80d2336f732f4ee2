/* SPDX-License-Identifier: MIT */
/* sym/openssl.h -- libcrypto's headers, which claim the name ERR_STATE for a type that nobody needs. */
#ifndef ARCA_SYM_OPENSSL_H
#define ARCA_SYM_OPENSSL_H

#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#undef ERR_STATE

#endif
