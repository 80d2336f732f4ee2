/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include <kms.v1.pb-c.h>
#include <kms-service.v1.pb-c.h>
#include <metastore-status.v1.pb-c.h>
#include <health.pb-c.h>
#include "rpc/pb.h"

static void a_message_comes_back_field_by_field(void **state)
{
	(void)state;
	Kms__V1__RequestId id = KMS__V1__REQUEST_ID__INIT;
	Kms__V1__Eip712DomainMsg domain = KMS__V1__EIP712_DOMAIN_MSG__INIT;
	Kms__V1__KeyGenRequest out = KMS__V1__KEY_GEN_REQUEST__INIT, *in;
	arena a = arena_with_limit(PB_ROOM(0));
	buf b = { 0 };

	id.request_id = (char *)"0401";
	domain.name = (char *)"Gr\xc3\xb6\xc3\x9f" "e";
	domain._salt_case = KMS__V1__EIP712_DOMAIN_MSG___SALT_SALT;
	domain.salt = pb_bytes(slice_str("salt"));
	out.request_id = &id;
	out._params_case = KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS;
	out.params = KMS__V1__FHE_PARAMETER__test;
	out.domain = &domain;
	pb_pack(&b, &out.base);
	assert_ok(pb_unpack(&a, &in, &kms__v1__key_gen_request__descriptor, buf_slice(&b)));
	assert_string_equal(in->request_id->request_id, "0401");
	assert_int_equal(in->_params_case, KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS);
	assert_int_equal(in->params, 1);
	assert_true(slice_eq_var(pb_slice(in->domain->salt), slice_str("salt")));
	assert_null(in->preproc_id);
	buf_free(&b);
	arena_free(&a);
}

static void an_absent_optional_is_not_a_zero(void **state)
{
	(void)state;
	Kms__V1__KeyGenRequest *in;
	arena a = arena_with_limit(PB_ROOM(2));
	assert_ok(pb_unpack(&a, &in, &kms__v1__key_gen_request__descriptor, (slice){ 0 }));
	assert_int_equal(in->_params_case, KMS__V1__KEY_GEN_REQUEST___PARAMS__NOT_SET);
	assert_ok(pb_unpack(&a, &in, &kms__v1__key_gen_request__descriptor, slice_of("\x10\x00", 2)));
	assert_int_equal(in->_params_case, KMS__V1__KEY_GEN_REQUEST___PARAMS_PARAMS);
	arena_free(&a);
}

static void a_number_without_a_name_stays_a_number(void **state)
{
	(void)state;
	Kms__V1__KeyGenPreprocRequest *in;
	arena a = arena_with_limit(PB_ROOM(3));
	assert_ok(pb_unpack(&a, &in, &kms__v1__key_gen_preproc_request__descriptor, slice_of("\x10\xe8\x07", 3)));
	assert_int_equal(in->params, 1000);
	arena_free(&a);
}

static void an_unknown_field_is_skipped_and_forgotten(void **state)
{
	(void)state;
	Kms__V1__RequestId *in;
	arena a = arena_with_limit(PB_ROOM(10));
	buf b = { 0 };
	assert_ok(pb_unpack(&a, &in, &kms__v1__request_id__descriptor, slice_of("\xb2\x01\x01?\x0a\x01x", 7)));
	pb_pack(&b, &in->base);
	assert_true(slice_eq_var(buf_slice(&b), slice_of("\x0a\x01x", 3)));
	buf_free(&b);
	arena_free(&a);
}

static void broken_bytes_are_a_bad_request(void **state)
{
	(void)state;
	static const char *const BAD[] = { "\x0a", "\x0a\x05xyz", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x0a\x02\x0a\x7f" };
	Kms__V1__KeyGenRequest *in;
	arena a = arena_with_limit(PB_ROOM(100));
	for (unsigned i = 0; i < COUNT(BAD); i++)
		assert_err(ERR_REQUEST, pb_unpack(&a, &in, &kms__v1__key_gen_request__descriptor, slice_str(BAD[i])));
	arena_free(&a);
}

static void text_that_is_not_utf8_is_a_bad_request(void **state)
{
	(void)state;
	Kms__V1__EpochResultResponse *in;
	arena a = arena_with_limit(PB_ROOM(100));
	/* reshare_responses[0].key_digests[0].key_type = ff */
	assert_err(ERR_REQUEST, pb_unpack(&a, &in, &kms__v1__epoch_result_response__descriptor,
	                                  slice_of("\x0a\x05\x1a\x03\x0a\x01\xff", 7)));
	assert_ok(pb_unpack(&a, &in, &kms__v1__epoch_result_response__descriptor, slice_of("\x0a\x05\x1a\x03\x0a\x01z", 7)));
	assert_string_equal(in->reshare_responses[0]->key_digests[0]->key_type, "z");
	arena_free(&a);

	MetastoreStatus__V1__GetRequestStatusesRequest *list;
	assert_err(ERR_REQUEST, pb_unpack(&a, &list, &metastore_status__v1__get_request_statuses_request__descriptor,
	                                  slice_of("\x0a\x01" "a\x0a\x01\x80", 6)));
	MetastoreStatus__V1__ListRequestsRequest *page;
	assert_err(ERR_REQUEST, pb_unpack(&a, &page, &metastore_status__v1__list_requests_request__descriptor,
	                                  slice_of("\x22\x01\x80", 3)));
	arena_free(&a);
}

static void many_empty_parts_meet_the_arena_s_limit(void **state)
{
	(void)state;
	Kms__V1__PublicDecryptionRequest *in;
	buf b = { 0 };
	for (unsigned i = 0; i < 1 << 20; i++) buf_put(&b, "\x12\x00", 2);
	arena a = arena_with_limit(PB_ROOM(b.n));
	assert_int_equal(pb_unpack(&a, &in, &kms__v1__public_decryption_request__descriptor, buf_slice(&b)), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "unpacks to more than"));
	err_clear();
	assert_true(a.used <= PB_ROOM(b.n));
	arena_free(&a);
	buf_free(&b);
}

/* Does the type, or one inside it, hold itself?  Depth-first; `path` is the chain of types we are in. */
static bool recursive(const ProtobufCMessageDescriptor *d, const ProtobufCMessageDescriptor **path, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		if (path[i] == d) return true;
	assert_true(depth < 16);
	path[depth] = d;
	for (unsigned i = 0; i < d->n_fields; i++)
		if (d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE && recursive(d->fields[i].descriptor, path, depth + 1)) return true;
	return false;
}

static void no_message_type_holds_itself(void **state)
{
	(void)state;
	static const ProtobufCServiceDescriptor *const SERVICES[] = {
		&kms_service__v1__core_service_endpoint__descriptor,
		&metastore_status__v1__meta_store_status_service__descriptor,
		&grpc__health__v1__health__descriptor,
	};
	const ProtobufCMessageDescriptor *path[16];
	assert_int_equal(SERVICES[0]->n_methods, 35);
	for (unsigned s = 0; s < COUNT(SERVICES); s++)
		for (unsigned m = 0; m < SERVICES[s]->n_methods; m++) {
			assert_false(recursive(SERVICES[s]->methods[m].input, path, 0));
			assert_false(recursive(SERVICES[s]->methods[m].output, path, 0));
		}
}

TESTS(TEST(a_message_comes_back_field_by_field),
      TEST(an_absent_optional_is_not_a_zero),
      TEST(a_number_without_a_name_stays_a_number),
      TEST(an_unknown_field_is_skipped_and_forgotten),
      TEST(broken_bytes_are_a_bad_request),
      TEST(text_that_is_not_utf8_is_a_bad_request),
      TEST(many_empty_parts_meet_the_arena_s_limit),
      TEST(no_message_type_holds_itself))
