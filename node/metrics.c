/* SPDX-License-Identifier: MIT */
/* node/metrics.c -- counters, histograms over powers of four, and the text format of Prometheus. */
#include "node/metrics.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *const OPERATION[OPERATIONS] = {
	[OPERATION_KEYGEN_PREPROC_REQUEST] = "keygen_preproc_request", [OPERATION_KEYGEN_PREPROC_RESULT] = "keygen_preproc_result",
	[OPERATION_KEYGEN_REQUEST] = "keygen_request", [OPERATION_KEYGEN_RESULT] = "keygen_result",
	[OPERATION_KEYGEN_ABORT] = "keygen_abort",
	[OPERATION_STANDARD_COMPRESSED_KEYGEN] = "standard_compressed_keygen", [OPERATION_STANDARD_KEYGEN] = "standard_keygen",
	[OPERATION_PUBLIC_DECRYPT_REQUEST] = "public_decrypt_request", [OPERATION_PUBLIC_DECRYPT_RESULT] = "public_decrypt_result",
	[OPERATION_PUBLIC_DECRYPT_INNER] = "public_decrypt_inner",
	[OPERATION_USER_DECRYPT_REQUEST] = "user_decrypt_request", [OPERATION_USER_DECRYPT_RESULT] = "user_decrypt_result",
	[OPERATION_USER_DECRYPT_INNER] = "user_decrypt_inner",
	[OPERATION_KEY_MATERIAL_AVAILABILITY] = "key_material_availability",
	[OPERATION_NEW_MPC_CONTEXT] = "new_mpc_context", [OPERATION_DESTROY_MPC_CONTEXT] = "destroy_mpc_context",
	[OPERATION_NEW_MPC_EPOCH] = "new_mpc_epoch", [OPERATION_GET_MPC_EPOCH_RESULT] = "get_mpc_epoch_result",
	[OPERATION_DESTROY_MPC_EPOCH] = "destroy_mpc_epoch",
	[OPERATION_INSECURE_PREPROC_REQUEST] = "insecure_keygen_preproc_request",
	[OPERATION_INSECURE_PREPROC_RESULT] = "insecure_keygen_preproc_result",
	[OPERATION_INSECURE_KEYGEN_REQUEST] = "insecure_keygen_request", [OPERATION_INSECURE_KEYGEN_RESULT] = "insecure_keygen_result",
	[OPERATION_BANDWIDTH_BENCHMARK] = "bandwidth_benchmark",
};

/* The label `error` of a status. */
static const char *error_label(unsigned status)
{
	switch (status) {
	case GRPC_FAILED_PRECONDITION: return "failed_precondition";
	case GRPC_RESOURCE_EXHAUSTED:  return "resource_exhausted";
	case GRPC_CANCELLED:           return "cancelled";
	case GRPC_INVALID_ARGUMENT:    return "invalid_argument";
	case GRPC_ABORTED:             return "aborted";
	case GRPC_ALREADY_EXISTS:      return "already_exists";
	case GRPC_NOT_FOUND:           return "not_found";
	case GRPC_INTERNAL:            return "internal_error";
	case GRPC_UNAVAILABLE:         return "unavailable";
	default:                       return "other";
	}
}

void metrics_ended(metrics *m, operation o, grpc_status status)
{
	atomic_fetch_add(&m->count[o], 1);
	if (status != GRPC_OK) atomic_fetch_add(&m->error[o][status], 1);
}

/* 4^0 to 4^15. */
static const histogram_scale POWERS = { 1, HISTOGRAM_STEPS, { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216,
                                        67108864, 268435456, 1073741824 } };

void metrics_took(metrics *m, operation o, int64_t ms)
{
	histogram_add(&m->duration_ms[o], &POWERS, ms < 0 ? 0 : (uint64_t)ms);
}

void metrics_payload(metrics *m, size_t bytes)
{
	histogram_add(&m->payload_bytes, &POWERS, bytes);
}

/* ---- text --------------------------------------------------------------------------------------------------- */

static void head(buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(buf *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "gauge", help);
	buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void put_counters(buf *out, metrics *m)
{
	head(out, "kms_operations_total", "counter", "Calls by operation.");
	for (unsigned o = 0; o < OPERATIONS; o++)
		buf_printf(out, "kms_operations_total{operation=\"%s\"} %llu\n", OPERATION[o], (unsigned long long)atomic_load(&m->count[o]));
	head(out, "kms_operation_errors_total", "counter", "Calls and jobs that failed, by operation and error.");
	for (unsigned o = 0; o < OPERATIONS; o++) {
		unsigned long long other = 0;
		for (unsigned s = 1; s < GRPC_STATUS_COUNT; s++) {
			const unsigned long long n = atomic_load(&m->error[o][s]);
			if (!strcmp(error_label(s), "other")) other += n;
			else if (n)
				buf_printf(out, "kms_operation_errors_total{operation=\"%s\",error=\"%s\"} %llu\n", OPERATION[o],
				           error_label(s), n);
		}
		if (other) buf_printf(out, "kms_operation_errors_total{operation=\"%s\",error=\"other\"} %llu\n", OPERATION[o], other);
	}
	head(out, "kms_operation_duration_ms", "histogram", "Milliseconds that jobs took.");
	for (unsigned o = 0; o < OPERATIONS; o++) {
		char label[64];
		snprintf(label, sizeof label, "operation_type=\"%s\"", OPERATION[o]);
		histogram_print(out, "kms_operation_duration_ms", label, &m->duration_ms[o], &POWERS);
	}
	head(out, "kms_payload_size_bytes", "histogram", "Bytes of request messages.");
	histogram_print(out, "kms_payload_size_bytes", "", &m->payload_bytes, &POWERS);
}

static uint64_t open_descriptors(void)
{
	uint64_t n = 0;
	DIR *dir = opendir("/proc/self/fd");

	if (!dir) return 0;
	while (readdir(dir)) n++;
	closedir(dir);
	return n > 3 ? n - 3 : 0;                     /* ".", ".." and the listing itself */
}

/* /proc/self/statm begins with the virtual and the resident size in pages. */
static uint64_t resident_bytes(void)
{
	unsigned long long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f) return 0;
	if (fscanf(f, "%llu %llu", &size, &resident) != 2) resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void put_squash(buf *out, const gauges *g)
{
	head(out, "arca_squash_steps_sampled_total", "counter", "Steps of a squash that were compared with an exact sample.");
	buf_printf(out, "arca_squash_steps_sampled_total %llu\n", (unsigned long long)g->squash_sampled);
	head(out, "arca_squash_steps_repeated_total", "counter",
	     "Steps of a squash that were done again by exact transforms. Other than 0 is rare; many of \"sample\" mean a faulty machine.");
	buf_printf(out, "arca_squash_steps_repeated_total{reason=\"guard\"} %llu\n", (unsigned long long)g->squash_guarded);
	buf_printf(out, "arca_squash_steps_repeated_total{reason=\"sample\"} %llu\n", (unsigned long long)g->squash_wrong);
}

static void put_spans(buf *out, const gauges *g)
{
	head(out, "arca_spans_total", "counter", "Spans for the collector of traces: taken by it, or dropped because it is slow or away.");
	buf_printf(out, "arca_spans_total{outcome=\"sent\"} %llu\n", (unsigned long long)g->spans_sent);
	buf_printf(out, "arca_spans_total{outcome=\"dropped\"} %llu\n", (unsigned long long)g->spans_dropped);
}

/* Percent of one core since the last time that somebody asked; at first, since the start of the process. */
static uint64_t processor_percent(metrics *m)
{
	struct timespec now, used;

	clock_gettime(CLOCK_MONOTONIC, &now);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	const int64_t now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000, used_ms = used.tv_sec * 1000 + used.tv_nsec / 1000000;
	const int64_t passed = now_ms - atomic_exchange(&m->looked_ms, now_ms), more = used_ms - atomic_exchange(&m->used_ms, used_ms);
	return passed > 0 && more > 0 ? (uint64_t)(more * 100 / passed) : 0;
}

static void put_gauges(buf *out, metrics *m, const gauges *g, const char *version)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), total = (uint64_t)sysconf(_SC_PHYS_PAGES) * page;
	double load = 0;

	gauge(out, "kms_file_descriptors", "Open file descriptors.", open_descriptors());
	gauge(out, "kms_tasks", "Jobs that wait for a thread.", g->jobs_waiting);
	gauge(out, "kms_rate_limiter_usage", "Tokens that running requests hold.", g->tokens_taken);
	gauge(out, "kms_fhe_key_cache_size", "FHE keys in memory.", g->keys_loaded);
	gauge(out, "kms_meta_storage_pub_decryptions", "Public decryptions that run.", g->public_pending);
	gauge(out, "kms_meta_storage_pub_decryptions_in_store", "Public decryptions that are remembered.", g->public_stored);
	gauge(out, "kms_meta_storage_user_decryptions", "User decryptions that run.", g->user_pending);
	gauge(out, "kms_meta_storage_user_decryptions_in_store", "User decryptions that are remembered.", g->user_stored);
	gauge(out, "kms_total_cpus", "Processors.", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	gauge(out, "kms_total_memory", "Bytes of memory of the machine.", total);
	gauge(out, "kms_memory_usage", "Bytes of memory of the machine in use.", total - (uint64_t)sysconf(_SC_AVPHYS_PAGES) * page);
	gauge(out, "kms_process_memory_usage", "Bytes of memory of this process.", resident_bytes());
	gauge(out, "kms_process_cpu_usage", "Percent of one processor that this process took since the last scrape.", processor_percent(m));
	if (getloadavg(&load, 1) == 1) {
		head(out, "kms_cpu_load", "gauge", "Load of the last minute.");
		buf_printf(out, "kms_cpu_load %.2f\n", load);
	}
	head(out, "kms_version", "gauge", "The version of this program.");
	buf_printf(out, "kms_version{version=\"%s\"} 1\n", version);
}

void metrics_print(buf *out, metrics *m, const gauges *g, const char *version)
{
	put_counters(out, m);
	put_gauges(out, m, g, version);
	put_squash(out, g);
	put_spans(out, g);
}
