/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of the simulated world (sealed.h), as DER in base64, ECDSA P-256. They were made once: a certificate that is made anew
 * has other octets each time. Nobody has their keys, nor needs them: veil.h says what stands for a signature.
 *
 *   authority   signs for good, expired and elsewhere; 2020 to 2045
 *   good        *.sealed.net, 2026 to 2030
 *   expired     *.sealed.net, 2020 to 2022
 *   elsewhere   somebody.else.net, 2026 to 2030
 *   portal      *.sealed.net, 2026 to 2030, signed by itself
 */
#ifndef WEIR_SIM_SEALCERTS_H
#define WEIR_SIM_SEALCERTS_H

static const char sealcert_authority[] =
    "MIIBUjCB+aADAgECAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBnNpbSBDQTAeFw0yMDAxMDEw"
    "MDAwMDBaFw00NTAxMDEwMDAwMDBaMBExDzANBgNVBAMMBnNpbSBDQTBZMBMGByqGSM49AgEGCCqG"
    "SM49AwEHA0IABMw7/spn8TvDFzVp9/UTeugGi56y0Kl5kz44QHmfGBtlrZPAvTvuRpGg/BbfSa6T"
    "zq6mkzYF4pWCXq4tfw1q75CjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0G"
    "A1UdDgQWBBQZq24fvogZjrqBno1VtqeA0JzmpjAKBggqhkjOPQQDAgNIADBFAiEAqgvG9qcOhySi"
    "U3UTRtUdjyPMrXUxUO2wfX7alnxG+swCIHB5ETVnsWnwbgkRuN135sIFtA5l0TAp5MjPA5HKTnu3";

static const char sealcert_good[] =
    "MIIBeDCCAR6gAwIBAgIBAjAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZzaW0gQ0EwHhcNMjYwMTAx"
    "MDAwMDAwWhcNMzAwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARnb29kMFkwEwYHKoZIzj0CAQYIKoZI"
    "zj0DAQcDQgAEJTxXVnMPiw2H08l/jKicJ61EJjmipwmAXSWGqcvBh4csbono8sNFnKyejDVpdfZR"
    "xtok93FgNy+yaOYWJ33aVqNpMGcwDAYDVR0TAQH/BAIwADAXBgNVHREEEDAOggwqLnNlYWxlZC5u"
    "ZXQwHQYDVR0OBBYEFJfqwwRpGYjjetJBMNDHAqLEyrmdMB8GA1UdIwQYMBaAFBmrbh++iBmOuoGe"
    "jVW2p4DQnOamMAoGCCqGSM49BAMCA0gAMEUCIFv5zjHMrvtDLuQDtUP/S6hm1VJw2WCqVC+ZsJ11"
    "or9JAiEAyW+nkRVQ/Wtov+Oq1JsIaiIOAZXiXNZ/Q8A4dvOCy6M=";

static const char sealcert_expired[] =
    "MIIBezCCASGgAwIBAgIBAzAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZzaW0gQ0EwHhcNMjAwMTAx"
    "MDAwMDAwWhcNMjIwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdleHBpcmVkMFkwEwYHKoZIzj0CAQYI"
    "KoZIzj0DAQcDQgAEzaZ4+tDtQSy9DNHQQ++F2EZ0DEMi6yPpu4jvBT0xciMkdfnWZ+vdZ0IvuCB2"
    "RJiO2CBD+P43eigzScuaSKqV8qNpMGcwDAYDVR0TAQH/BAIwADAXBgNVHREEEDAOggwqLnNlYWxl"
    "ZC5uZXQwHQYDVR0OBBYEFJXLk7eLVImQW2bx5Je8YnfMiE2zMB8GA1UdIwQYMBaAFBmrbh++iBmO"
    "uoGejVW2p4DQnOamMAoGCCqGSM49BAMCA0gAMEUCIQC29IR4mYk83Ax7+O3DxVvHfEfcJmvOrFVW"
    "o70iMx1L6wIgJrY/Jj4QP8+xAnI01/+qANtdG7a1ucEER5HPnMDS+JE=";

static const char sealcert_elsewhere[] =
    "MIIBfTCCASSgAwIBAgIBBDAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZzaW0gQ0EwHhcNMjYwMTAx"
    "MDAwMDAwWhcNMzAwMTAxMDAwMDAwWjAQMQ4wDAYDVQQDDAVvdGhlcjBZMBMGByqGSM49AgEGCCqG"
    "SM49AwEHA0IABA+NRTTBdgDTIYzIgqQ+4E71tRMrtw0sUArzsFu0SlJZFsB/DwO7dgTBFglFGCAc"
    "+GQSWBl25cZhZpWllPmc3KKjbjBsMAwGA1UdEwEB/wQCMAAwHAYDVR0RBBUwE4IRc29tZWJvZHku"
    "ZWxzZS5uZXQwHQYDVR0OBBYEFGVlL0OXT+sxs3apBv32EOISZhC2MB8GA1UdIwQYMBaAFBmrbh++"
    "iBmOuoGejVW2p4DQnOamMAoGCCqGSM49BAMCA0cAMEQCIHAqImUdcBGXwG19wJxfbeA+YcZgADGc"
    "BvrN0hBCvu0fAiBM/ePpNoorWbf12y/Pkz3bl04bzwS1jrU8Xe7cQRrftw==";

static const char sealcert_portal[] =
    "MIIBWTCB/6ADAgECAgEFMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBnBvcnRhbDAeFw0yNjAxMDEw"
    "MDAwMDBaFw0zMDAxMDEwMDAwMDBaMBExDzANBgNVBAMMBnBvcnRhbDBZMBMGByqGSM49AgEGCCqG"
    "SM49AwEHA0IABFsqbhh5NlwyUjqdW6Oily3MyDoKetCwM6Tj1bk5vHJiOJgRRrXgs0ae+9UEzr2r"
    "uKVRYrefJllLibODZJNZ5sGjSDBGMAwGA1UdEwEB/wQCMAAwFwYDVR0RBBAwDoIMKi5zZWFsZWQu"
    "bmV0MB0GA1UdDgQWBBRSh/b3q1+6bJYHtW4cdzyUF0ZMnDAKBggqhkjOPQQDAgNJADBGAiEAv08P"
    "BTEk9kR4VGYFR7cW0hgFgsNs7jcUPsQ0NRul2WkCIQCJ2BrFPyLNA9EiLhZxU8LGHWIwqsJ1gGR4"
    "cXDAUR+WCQ==";

#endif
