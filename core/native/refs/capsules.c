/* Functions that an extension gets as a table in a capsule: those of datetime. It gets
 * a copy of the table instead, whose functions tell what they have made.
 *
 * The shim tells before which line is about to call one, as it does for ``tp_alloc``.
 */
#include "state.h"

#include <datetime.h>
#include <string.h>

static PyDateTime_CAPI watched;

#define WATCHED(name, parameters, arguments)                                           \
    static PyObject *name parameters                                                   \
    {                                                                                  \
        PyObject *object = PyDateTimeAPI->name arguments;                              \
        wj_made(object);                                                               \
        return object;                                                                 \
    }

WATCHED(Date_FromDate, (int y, int m, int d, PyTypeObject *t), (y, m, d, t))
WATCHED(DateTime_FromDateAndTime,
        (int y, int m, int d, int h, int n, int s, int u, PyObject *z, PyTypeObject *t),
        (y, m, d, h, n, s, u, z, t))
WATCHED(Time_FromTime, (int h, int n, int s, int u, PyObject *z, PyTypeObject *t),
        (h, n, s, u, z, t))
WATCHED(Delta_FromDelta, (int d, int s, int u, int n, PyTypeObject *t), (d, s, u, n, t))
WATCHED(TimeZone_FromTimeZone, (PyObject * o, PyObject *n), (o, n))
WATCHED(DateTime_FromTimestamp, (PyObject * t, PyObject *a, PyObject *k), (t, a, k))
WATCHED(Date_FromTimestamp, (PyObject * t, PyObject *a), (t, a))
WATCHED(DateTime_FromDateAndTimeAndFold,
        (int y, int m, int d, int h, int n, int s, int u, PyObject *z, int f,
         PyTypeObject *t),
        (y, m, d, h, n, s, u, z, f, t))
WATCHED(Time_FromTimeAndFold,
        (int h, int n, int s, int u, PyObject *z, int f, PyTypeObject *t),
        (h, n, s, u, z, f, t))

static void *
datetime(PyDateTime_CAPI *table)
{
    PyDateTimeAPI = table; /* of the interpreter, for ever */
    watched = *table;
    watched.Date_FromDate = Date_FromDate;
    watched.DateTime_FromDateAndTime = DateTime_FromDateAndTime;
    watched.Time_FromTime = Time_FromTime;
    watched.Delta_FromDelta = Delta_FromDelta;
    watched.TimeZone_FromTimeZone = TimeZone_FromTimeZone;
    watched.DateTime_FromTimestamp = DateTime_FromTimestamp;
    watched.Date_FromTimestamp = Date_FromTimestamp;
    watched.DateTime_FromDateAndTimeAndFold = DateTime_FromDateAndTimeAndFold;
    watched.Time_FromTimeAndFold = Time_FromTimeAndFold;
    return &watched;
}

void *
wjr_import(struct wjr_site *site, const char *name, int no_block)
{
    wjr_before(site);
    void *table = PyCapsule_Import(name, no_block);
    int is_datetime = table != NULL && strcmp(name, PyDateTime_CAPSULE_NAME) == 0;
    return is_datetime ? datetime(table) : table;
}

/* Whether it is the time zone that the table lends to all. */
int
wj_is_utc(const PyObject *object)
{
    return PyDateTimeAPI != NULL && PyDateTimeAPI->TimeZone_UTC == object;
}
