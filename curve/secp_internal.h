/* SPDX-License-Identifier: MIT */
/* curve/secp_internal.h -- between our points and the library's. */
#ifndef ARCA_CURVE_SECP_INTERNAL_H
#define ARCA_CURVE_SECP_INTERNAL_H

#include <secp256k1.h>
#include "curve/secp.h"

secp_pk secp_compress(const secp256k1_pubkey *point);

#endif
