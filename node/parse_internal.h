/* SPDX-License-Identifier: MIT */
/* node/parse_internal.h -- the fields that several messages share. */
#ifndef ARCA_NODE_PARSE_INTERNAL_H
#define ARCA_NODE_PARSE_INTERNAL_H

#include <kms.v1.pb-c.h>
#include "node/parse.h"

/* The common fields of a message, borrowed from it. */
typedef struct common_fields {
	const Kms__V1__RequestId *id, *context, *epoch;
	const Kms__V1__Eip712DomainMsg *domain;
	ProtobufCBinaryData extra_data;
	size_t schemes;
	const Kms__V1__SigningSchemeType *scheme;
} common_fields;

#define COMMON_FIELDS(m) (common_fields){ (m)->request_id, (m)->context_id, (m)->epoch_id, (m)->domain, (m)->extra_data, \
	(m)->n_signing_schemes, (m)->signing_schemes }

err parse_common(request *r, const common_fields *f);

/* ERR_REQUEST if m is NULL. */
err parse_id(id32 *out, const char *what, const Kms__V1__RequestId *m);

/* Fills the kind's part of *r; what it needs lives in the arena. */
err parse_preproc(request *r, arena *a, slice message);
err parse_keygen(request *r, arena *a, slice message);
err parse_public_decrypt(request *r, arena *a, slice message);
err parse_user_decrypt(request *r, arena *a, slice message);
err parse_new_epoch(request *r, arena *a, slice message);

/* The fields of a domain; it must be there.  What is NULL means the fallback. */
err parse_domain(eip712_domain *out, const Kms__V1__Eip712DomainMsg *m);
err parse_id_or(id32 *out, const char *what, const Kms__V1__RequestId *m, const id32 *fallback);
err parse_params(const lat_params **out, const char *what, int number);
err parse_schemes(request *r, size_t n, const Kms__V1__SigningSchemeType *scheme);
err parse_extra_data(request *r, ProtobufCBinaryData extra);

#endif
