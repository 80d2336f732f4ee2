/* SPDX-License-Identifier: MIT */
/* What limits and counts: tokens, the text for Prometheus. */
#include "node/limiter.h"
#include "node/metrics.h"
#include "tests/test.h"

static void tokens_are_taken_while_a_request_runs(void **state)
{
	(void)state;
	const node_config c = { .limits = { .bucket_size = 10, .pub_decrypt = 4, .user_decrypt = 0, .preproc = 10, .keygen = 7 } };
	limiter l;

	limiter_init(&l, &c);
	assert_ok(limiter_take(&l, REQUEST_PUBLIC_DECRYPT));
	assert_ok(limiter_take(&l, REQUEST_PUBLIC_DECRYPT));
	assert_err(ERR_EXHAUSTED, limiter_take(&l, REQUEST_PUBLIC_DECRYPT));
	assert_err(ERR_EXHAUSTED, limiter_take(&l, REQUEST_PREPROC));
	assert_ok(limiter_take(&l, REQUEST_USER_DECRYPT));
	limiter_give(&l, REQUEST_PUBLIC_DECRYPT);
	assert_err(ERR_EXHAUSTED, limiter_take(&l, REQUEST_KEYGEN));
	limiter_give(&l, REQUEST_PUBLIC_DECRYPT);
	assert_ok(limiter_take(&l, REQUEST_PREPROC));
}

static void what_was_counted_is_printed(void **state)
{
	(void)state;
	static metrics m;
	const gauges g = { .tokens_taken = 5, .keys_loaded = 2 };
	buf out = { 0 };

	metrics_ended(&m, OPERATION_PUBLIC_DECRYPT_REQUEST, GRPC_OK);
	metrics_ended(&m, OPERATION_PUBLIC_DECRYPT_REQUEST, GRPC_NOT_FOUND);
	metrics_ended(&m, OPERATION_KEYGEN_REQUEST, GRPC_DATA_LOSS);
	metrics_took(&m, OPERATION_PUBLIC_DECRYPT_INNER, 5);
	metrics_took(&m, OPERATION_PUBLIC_DECRYPT_INNER, INT64_MAX / 2);
	metrics_payload(&m, 1000);
	metrics_print(&out, &m, &g, "1.2.3");
	static const char *const LINES[] = {
		"kms_operations_total{operation=\"public_decrypt_request\"} 2\n",
		"kms_operation_errors_total{operation=\"public_decrypt_request\",error=\"not_found\"} 1\n",
		"kms_operation_errors_total{operation=\"keygen_request\",error=\"other\"} 1\n",
		"kms_operation_duration_ms_bucket{operation_type=\"public_decrypt_inner\",le=\"4\"} 0\n",
		"kms_operation_duration_ms_bucket{operation_type=\"public_decrypt_inner\",le=\"16\"} 1\n",
		"kms_operation_duration_ms_bucket{operation_type=\"public_decrypt_inner\",le=\"+Inf\"} 2\n",
		"kms_operation_duration_ms_count{operation_type=\"public_decrypt_inner\"} 2\n",
		"kms_payload_size_bytes_bucket{le=\"1024\"} 1\n", "kms_payload_size_bytes_sum 1000\n",
		"kms_rate_limiter_usage 5\n", "kms_fhe_key_cache_size 2\n", "kms_version{version=\"1.2.3\"} 1\n",
	};
	for (size_t i = 0; i < COUNT(LINES); i++) {
		if (!strstr(buf_str(&out), LINES[i])) print_error("%s", LINES[i]);
		assert_non_null(strstr(buf_str(&out), LINES[i]));
	}
	buf_free(&out);
}

TESTS(TEST(tokens_are_taken_while_a_request_runs), TEST(what_was_counted_is_printed))
