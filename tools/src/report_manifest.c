/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_manifest.h"

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "report_words.h"

static void put_text(FILE *out, const char *name, const char *text) {
    fprintf(out, ",\n  \"%s\": ", name);
    format_json_string(out, text);
}

void report_manifest(const analysis *of, FILE *out, bool partial) {
    const facts *about = of->about;
    fputs("{\n  \"schema\": 1", out);
    put_text(out, "version", about->version);
    put_text(out, "commit", about->commit);
    put_text(out, "scenario", about->scenario);
    put_text(out, "file", about->file);
    fprintf(out, ",\n  \"digest\": \"%016llx\",\n  \"overrides\": [",
            (unsigned long long)about->digest);
    for (uint32_t i = 0; i < about->override_count; i++) {
        fputs(i > 0 ? ", [" : "[", out);
        format_json_string(out, about->overrides[i].key);
        fputs(", ", out);
        format_json_string(out, about->overrides[i].value);
        fputc(']', out);
    }
    fputc(']', out);
    for (uint32_t i = 0; i < about->plugin_count; i++) {
        fputs(i > 0 ? ", [" : ",\n  \"plugins\": [[", out);
        format_json_string(out, about->plugins[i]);
        fprintf(out, ", \"%s\"]%s", about->plugin_digests[i],
                i + 1 == about->plugin_count ? "]" : "");
    }
    fprintf(out, ",\n  \"seed\": \"%llu\",\n  \"trials\": %llu,\n  \"cells\": %u",
            (unsigned long long)about->seed, (unsigned long long)about->trials, about->cell_count);
    put_text(out, "backend", about->backend);
    put_text(out, "crypto", about->crypto);
    fprintf(out, ",\n  \"partial\": %s,\n  \"trials_done\": %llu,\n", partial ? "true" : "false",
            (unsigned long long)of->trials);
    fprintf(out, "  \"expect\": {\"pass\": %u, \"fail\": %u, \"inconclusive\": %u},\n",
            report_outcomes(of, EXPECT_PASS), report_outcomes(of, EXPECT_FAIL),
            report_outcomes(of, EXPECT_INCONCLUSIVE));
    fprintf(out, "  \"results_digest\": \"%016llx\"\n}\n", (unsigned long long)of->digest);
}

void report_host_json(const report_host *host, FILE *out) {
    struct utsname system;
    const bool known = uname(&system) == 0;
    const time_t now = time(NULL);
    struct tm utc;
    char written[32] = "unknown";
    if (gmtime_r(&now, &utc) != NULL) {
        strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    fputs("{\n  \"schema\": 1", out);
    put_text(out, "system", known ? system.sysname : "unknown");
    put_text(out, "release", known ? system.release : "unknown");
    put_text(out, "machine", known ? system.machine : "unknown");
    fprintf(out, ",\n  \"cores\": %ld,\n  \"jobs\": %u,\n  \"wall_s\": %.3f",
            sysconf(_SC_NPROCESSORS_ONLN), host->jobs, host->wall_s);
    put_text(out, "written_at", written);
    fputs("\n}\n", out);
}
