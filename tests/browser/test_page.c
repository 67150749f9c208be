/* report.html in a real browser: Chromium, without a window. Skipped where there is none. */
#include "run/scene.h"

#include <cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chromium and what every call of it takes. It keeps its things in the test's folder. */
#define BROWSER                                                                                    \
    "timeout 120 %s --headless=new --no-sandbox --disable-gpu --no-first-run --hide-scrollbars "   \
    "--user-data-dir=profile --enable-logging=stderr "

static const char *browser_name(void) {
    static const char *const names[] = {"chromium", "chromium-browser", "google-chrome"};
    char command[64];
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        snprintf(command, sizeof command, "command -v %s >/dev/null", names[n]);
        if (system(command) == 0)
            return names[n];
    }
    return NULL;
}

/* A run whose report has all there is: curves, mistakes, a device passed over. */
static void begin(void) {
    if (!browser_name())
        cr_skip_test("no Chromium is installed (Debian: chromium)");
    scene_begin();
    scene_train("--set train.epochs=3 --set train.learning_rate=0.0001 "
                "--set train.schedule=cosine --set backend.order=nothing,cpu/simd");
    char command[4096];
    snprintf(command, sizeof command,
             "cp run/report.html page.html && cp '%s/tests/browser/probe.html' .",
             getenv("RETUNE_TEST_SOURCE"));
    cr_assert(system(command) == 0);
}

TestSuite(browser, .init = begin, .fini = scene_end);

/* Runs the browser; its output goes to out.txt, what its pages complain of to errors.txt. */
static void browse(const char *options, const char *page) {
    char command[4096];
    snprintf(command, sizeof command,
             BROWSER "%s \"file://$PWD/%s\" >out.txt 2>all.txt; result=$?; "
                     "grep CONSOLE all.txt >errors.txt; exit $result",
             browser_name(), options, page);
    cr_assert(system(command) == 0, "%s: see %s", command, "all.txt");
}

static bool complained(void) {
    size_t size = 0;
    char *text = scene_read("errors.txt", &size);
    if (size > 0)
        fprintf(stderr, "%s\n", text);
    free(text);
    return size > 0;
}

/* What probe.html measures on the page at this width. */
static cJSON *probe(int width, const char *side) {
    char options[512], page[64];
    size_t size = 0;
    snprintf(
        options, sizeof options,
        "--allow-file-access-from-files --virtual-time-budget=10000 --window-size=1200,1000 %s "
        "--dump-dom",
        side);
    snprintf(page, sizeof page, "probe.html?%d", width);
    browse(options, page);
    cr_expect(!complained(), "the page made the browser complain");
    char *text = scene_read("out.txt", &size), *result = strstr(text, "<pre id=\"result\">");
    cr_assert(result != NULL);
    cJSON *measured = cJSON_Parse(result + strlen("<pre id=\"result\">"));
    cr_assert(measured != NULL, "nothing was measured: %.200s", result);
    free(text);
    return measured;
}

static double number(const cJSON *measured, const char *key) {
    const cJSON *member = cJSON_GetObjectItem(measured, key);
    cr_assert(cJSON_IsNumber(member), "no number %s", key);
    return member->valuedouble;
}

#define DARK "--force-dark-mode --blink-settings=preferredColorScheme=0"

static void expect_readable(int width, const char *side) {
    cJSON *m = probe(width, side);
    cr_expect(number(m, "client") == width, "%g", number(m, "client"));
    cr_expect(number(m, "scroll") <= width, "wider than the screen: %g", number(m, "scroll"));
    cr_expect(number(m, "sections") >= 7, "%g", number(m, "sections"));
    cr_expect(number(m, "plots") == 3 && number(m, "lines") >= 4, "%g, %g", number(m, "plots"),
              number(m, "lines"));
    cr_expect(number(m, "pictures") > 0 && number(m, "decoded") == number(m, "pictures"));
    cr_expect(number(m, "cut") == 0 && number(m, "covered") == 0, "labels: %g cut, %g covered",
              number(m, "cut"), number(m, "covered"));
    /* The least contrasts of WCAG 2 for text (level AA) and for graphics. */
    cr_expect(number(m, "contrast") >= 4.5, "%g", number(m, "contrast"));
    cr_expect(number(m, "line_contrast") >= 3.0, "%g", number(m, "line_contrast"));
    cr_expect(number(m, "smallest") >= 12.0, "%g", number(m, "smallest"));
    bool dark = strcmp(side, DARK) == 0;
    cr_expect(dark ? number(m, "paper") < 0.05 : number(m, "paper") > 0.9, "%g",
              number(m, "paper"));
    cJSON_Delete(m);
}

Test(browser, on_a_screen) {
    expect_readable(1100, "");
}

Test(browser, on_a_screen_in_the_dark) {
    expect_readable(1100, DARK);
}

Test(browser, on_a_phone) {
    expect_readable(360, "");
}

Test(browser, on_a_phone_in_the_dark) {
    expect_readable(360, DARK);
}

Test(browser, on_paper) {
    size_t size = 0;
    browse("--no-pdf-header-footer --print-to-pdf=page.pdf", "page.html");
    cr_expect(!complained());
    char *pdf = scene_read("page.pdf", &size);
    cr_expect(size > 20000 && memcmp(pdf, "%PDF", 4) == 0, "%zu bytes", size);
    free(pdf);
}

/* That nothing was complained of says something only where complaints are heard; and a script that
 * got into a page would not run. */
Test(browser, a_script_in_a_page_is_refused_and_heard_of) {
    cr_assert(system("sed 's|</body>|<script>document.title = \"ran\"</script></body>|' "
                     "run/report.html >page.html") == 0);
    size_t size = 0;
    browse("--dump-dom", "page.html");
    cr_expect(complained());
    char *text = scene_read("out.txt", &size);
    cr_expect(strstr(text, "<title>Run run</title>") != NULL);
    free(text);
}

/* Likewise for what the probe measures. */
Test(browser, the_probe_sees_what_is_wrong) {
    cr_assert(system("sed -e 's|</style>|body { color: #999; } nav { width: 700px; } .plot text { "
                     "transform: translateX(-60px); }</style>|' -e 's|base64,/9j/|base64,AAAA|' "
                     "run/report.html >page.html") == 0);
    cJSON *m = probe(360, "");
    cr_expect(number(m, "contrast") < 4.5 && number(m, "scroll") > 360 && number(m, "cut") > 0);
    cr_expect(number(m, "decoded") < number(m, "pictures"));
    cJSON_Delete(m);
}
