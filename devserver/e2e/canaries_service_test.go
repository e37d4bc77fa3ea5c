package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Secrets that every service has, whatever its credential.
var (
	cookieCanary    = newCanary("cookie")
	headerCanary    = newCanary("secret header")
	challengeCanary = newCanary("challenge")
	signedCanary    = newCanary("SAS")
)

// Words are no secrets: they are what a person needs, and are found where nothing is
// encrypted.
var (
	requestWord  = newCanary("request body")
	queryWord    = newCanary("caller's query")
	noteWord     = newCanary("caller's header")
	reasonWord   = newCanary("reason")
	keptWord     = newCanary("kept header")
	progressWord = newCanary("progress")
	outageWord   = newCanary("outage")
	refusalWord  = newCanary("refusal")
	codeWord     = newCanary("error code")
	valueWord    = newCanary("value")
	bytesWord    = newCanary("bytes")
	itemWord     = newCanary("item")
	eventWord    = newCanary("event")
	hexWord      = newCanary("in hex")
	base64Word   = newCanary("in base64")
	percentWord  = newCanary("in percents")
)

// credentialed is a service of the configuration, with its credential.
type credentialed struct {
	kind string
	auth string // its YAML
	env  []string
	// secrets that the worker holds or is given for it.
	secrets []canary
	// refused: nobody gives it a credential.
	refused bool
	// proof is in every request that has the credential.
	proof func(r *http.Request) string
}

// leaky is all those services and their issuers. It answers with every secret that it
// knows, in each place where such have been seen.
type leaky struct {
	*httptest.Server
	services map[string]*credentialed

	mu       sync.Mutex
	counts   map[string]int
	released map[string]bool // services whose outage is over
	canceled map[string]bool
	missing  []string // requests that came without their credential
	observed map[string]canary
}

func newLeaky(t *testing.T) *leaky {
	t.Helper()
	s := &leaky{
		services: map[string]*credentialed{}, counts: map[string]int{}, released: map[string]bool{},
		canceled: map[string]bool{}, observed: map[string]canary{},
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// nth counts the requests for something, from 1.
func (s *leaky) nth(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
	return s.counts[what]
}

func (s *leaky) note(set map[string]bool, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set[name] = true
}

func (s *leaky) noted(set map[string]bool, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return set[name]
}

// observe makes a canary of what a worker made out of a secret, by its end.
func (s *leaky) observe(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.observed[name]; !known && len(text) > 32 {
		s.observed[name] = canary{name: name, text: text, pieces: []string{text[len(text)-32:]}}
	}
}

func (s *leaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if name == "issuer" {
		s.issue(w, r, rest)
		return
	}
	body, _ := io.ReadAll(r.Body)
	c := s.services[name]
	if c == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if sent := c.proof(r); sent == "" {
		s.mu.Lock()
		s.missing = append(s.missing, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
	}
	if strings.HasPrefix(r.Header.Get("Authorization"), "AWS4") {
		s.observe("signature", r.Header.Get("Authorization"))
	}
	s.leak(w, r)
	x := exchangeWith{leaky: s, w: w, r: r, service: name, body: string(body)}
	switch what, story, _ := strings.Cut(rest, "/"); what {
	case "ops":
		x.start(story)
	case "poll":
		x.poll(story)
	case "value":
		x.say(200, `{"ok":true,"text":"`+valueWord.text+`"}`)
	case "pages", "links":
		x.page(what, story)
	case "events":
		x.events(story)
	default:
		x.say(404, `{}`)
	}
}

// leak sets headers that hold secrets, and some that hold none.
func (s *leaky) leak(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	signed := "?sig=" + url.QueryEscape(signedCanary.text)
	http.SetCookie(w, &http.Cookie{Name: "session", Value: cookieCanary.text, Path: "/"})
	h.Set("X-Session", headerCanary.text)
	h.Set("Www-Authenticate", `Bearer realm="`+challengeCanary.text+`"`)
	h.Set("Authentication-Info", `nextnonce="`+challengeCanary.text+`"`)
	h.Set("Content-Location", r.URL.RequestURI()) // with the key, where the query has it
	h.Set("X-Upload", "https://store.example.com/put"+signed)
	h.Set("X-Next", "/put"+signed)
	h.Set("Link", `<`+s.URL+`/other`+signed+`>; rel="related"`)
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Amz-Security-Token", "Cookie"} {
		for _, v := range r.Header.Values(name) {
			h.Add(name, v)
		}
	}
	h.Set("X-Request-Id", keptWord.text)
	h.Set("X-Hex", hex.EncodeToString([]byte(hexWord.text)))
	h.Set("X-Base64", base64.URLEncoding.EncodeToString([]byte("x"+base64Word.text)))
	h.Set("X-Percent", url.QueryEscape(percentWord.text))
}

// exchangeWith is one request to a service.
type exchangeWith struct {
	*leaky
	w       http.ResponseWriter
	r       *http.Request
	service string
	body    string
}

func (x exchangeWith) say(status int, body string) {
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, body)
}

// later asks for another try, at once.
func (x exchangeWith) later(status int) {
	x.w.Header().Set("Retry-After-Ms", "20")
	x.say(status, `{"error":{"code":"`+codeWord.text+`","message":"`+outageWord.text+`"}}`)
}

// reset breaks the connection off: a start's without an answer, others within it, since
// net/http asks again by itself where nothing has come.
func (x exchangeWith) reset() {
	if x.r.Method != http.MethodPost {
		x.w.Header().Set("Content-Length", "1000")
		x.say(200, `{"cut":"`)
		_ = http.NewResponseController(x.w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// mangle answers with a line that is no header, and has a secret in it.
func (x exchangeWith) mangle() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nSet-Cookie session=%s\r\n\r\n", cookieCanary.text)
}

func (x exchangeWith) refuse(status int) {
	x.say(status, `{"error":{"code":"`+codeWord.text+`","message":"`+refusalWord.text+`: `+x.signed("why")+`"}}`)
}

// signed is a path of the service's with a signature, which has to come back.
func (x exchangeWith) signed(path string) string {
	return x.URL + "/" + x.service + "/" + path + "?sig=" + url.QueryEscape(signedCanary.text)
}

func (x exchangeWith) isSigned() bool {
	return x.r.URL.Query().Get("sig") == signedCanary.text
}

// start of an operation that goes as its story says.
func (x exchangeWith) start(story string) {
	h := x.w.Header()
	switch story {
	case "done":
		if x.nth(x.service+" start") == 1 {
			x.later(http.StatusTooManyRequests)
			return
		}
		h.Set("Location", x.signed("poll/done"))
	case "failed":
		h.Set("Azure-AsyncOperation", x.signed("poll/failed"))
	case "canceled":
		h.Set("Location", x.signed("poll/canceled"))
	case "bytes":
		h.Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(x.w, "\x00\xff"+bytesWord.text)
		return
	case "astray":
		h.Set("Location", "https://elsewhere.example.com/x?sig="+url.QueryEscape(signedCanary.text))
	case "garbled":
		h.Set("Location", "http://[::1/x?sig="+url.QueryEscape(signedCanary.text))
	case "rejected":
		x.refuse(http.StatusUnprocessableEntity)
		return
	case "unauthorized":
		x.refuse(http.StatusUnauthorized)
		return
	case "ambiguous":
		x.reset()
	}
	x.say(http.StatusAccepted, `{"echo":`+x.body+`}`)
}

func (x exchangeWith) poll(story string) {
	if !x.isSigned() {
		x.say(http.StatusForbidden, `{}`)
		return
	}
	switch story {
	case "failed":
		x.say(200, `{"status":"Failed","error":{"code":"`+codeWord.text+`","message":"`+refusalWord.text+`","help":"`+x.signed("help")+`"}}`)
	case "canceled":
		switch {
		case x.r.Method == http.MethodDelete:
			x.note(x.canceled, x.service)
			x.say(202, `{}`)
		case x.noted(x.canceled, x.service):
			x.refuse(http.StatusGone)
		default:
			x.say(202, `{}`)
		}
	case "done":
		x.pollDone()
	}
}

// pollDone is of an operation that meets everything on its way.
func (x exchangeWith) pollDone() {
	if x.r.URL.Query().Get("moved") != "" {
		x.say(202, `{"status":"moved","text":"`+progressWord.text+`"}`)
		return
	}
	switch n := x.nth(x.service + " poll"); {
	case n == 2:
		x.reset()
	case n == 3:
		x.later(http.StatusInternalServerError)
	case n == 4:
		x.later(http.StatusTooManyRequests)
	case n == 5:
		x.w.Header().Set("Location", x.signed("poll/done")+"&moved=1")
		x.say(http.StatusFound, "")
	case n == 6:
		x.mangle()
	case n > 6 && !x.noted(x.released, x.service):
		x.w.Header().Set("Retry-After-Ms", "200")
		x.refuse(http.StatusServiceUnavailable)
	case n > 6:
		x.w.Header().Set("Location", x.signed("value"))
		x.say(http.StatusSeeOther, "")
	default:
		x.say(202, `{"status":"half","text":"`+progressWord.text+`"}`)
	}
}

// lastPage is high enough for the collection to continue as new.
const lastPage = 11

// page of a list, whose next link is in the header or, for "pages", in the body.
func (x exchangeWith) page(style, story string) {
	number := x.r.URL.Query().Get("page")
	n := x.nth(x.service + style + story + number)
	switch {
	case number != "" && !x.isSigned():
		x.say(http.StatusForbidden, `{}`)
		return
	case story == "done" && number == "" && n == 1, story == "canceled" && number == "1":
		x.later(http.StatusInternalServerError)
		return
	case story == "done" && number == "" && n == 2:
		x.reset()
	case story == "done" && number == "1" && n == 1:
		x.later(http.StatusTooManyRequests)
		return
	case story == "done" && number == "2" && n == 1:
		x.mangle()
		return
	case story == "failed" && number == "1":
		x.refuse(http.StatusForbidden)
		return
	}
	at := 0
	_, _ = fmt.Sscan(number, &at)
	next := fmt.Sprintf("%s&page=%d", x.signed(style+"/"+story), at+1)
	values := `[{"text":"` + itemWord.text + `"}]`
	switch {
	case style == "links" && at < lastPage:
		x.w.Header().Add("Link", "<"+next+`>; rel="next"`)
		x.say(200, values)
	case style == "links":
		x.say(200, values)
	case at < lastPage:
		x.say(200, `{"value":`+values+`,"nextLink":"`+next+`"}`)
	default:
		x.say(200, `{"value":`+values+`}`)
	}
}

// events of a stream that goes as its story says.
func (x exchangeWith) events(story string) {
	n := x.nth(x.service + " events " + story)
	switch {
	case story == "lost":
		x.reset()
	case story == "failed":
		x.refuse(http.StatusForbidden)
		return
	case story == "done" && n == 1:
		x.later(http.StatusInternalServerError)
		return
	case story == "done" && n == 2:
		x.later(http.StatusTooManyRequests)
		return
	}
	x.w.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprintf(x.w, "retry: 20\nid: %d\ndata: %s\n\n", n, eventWord.text)
	_ = http.NewResponseController(x.w).Flush()
	switch {
	case story == "canceled":
		<-x.r.Context().Done()
	case n == 3:
		panic(http.ErrAbortHandler)
	default:
		_, _ = io.WriteString(x.w, "event: done\ndata: end\n\n")
	}
}

// issue is what issuers of credentials do: those of "refused" repeat all that they got.
func (s *leaky) issue(w http.ResponseWriter, r *http.Request, name string) {
	_ = r.ParseForm()
	_, secret, _ := r.BasicAuth()
	got := fmt.Sprint(secret, " ", r.Form, " ", r.Header)
	s.observe(name+" assertion", r.Form.Get("assertion"))
	status, refused := s.nth("issuer "+name), strings.HasSuffix(name, "-refused") || strings.Contains(r.Form.Get("resource"), "refused")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Got", strings.ReplaceAll(got, "\n", " "))
	switch {
	case refused:
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": got, "Message": got})
	case status == 1 && name == "oauth2": // in words that nobody can read, with the secret
		_, _ = io.WriteString(w, `{"access_token": `+got)
	case status == 2 && name == "oauth2":
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, got)
	default:
		token := newCanary(name + " token").text
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600,"expires_on":"4102444800","resource":"x"}`, token)
	}
}

// everyKind are services with each kind of credential, and some that get none. Those that
// have theirs from the machine share the one that a worker's environment names.
func (s *leaky) everyKind(t *testing.T) []*credentialed {
	t.Helper()
	bearer, inHeader, inQuery, basic, client := newCanary("bearer"), newCanary("key in header"), newCanary("key in query"), newCanary("basic"), newCanary("client secret")
	identity, key, session := newCanary("identity header"), newCanary("aws secret key"), newCanary("aws session token")
	account, accountKey := s.googleAccount(t, "google")
	refusedAccount, refusedKey := s.googleAccount(t, "google-refused")
	token := func(name string) canary { return newCanary(name + " token") }
	authorized := func(text string) func(*http.Request) string { return contains("Authorization", text) }
	out := []*credentialed{
		{
			kind: "bearer", auth: "{type: bearer, env: E2E_BEARER}", env: []string{"E2E_BEARER=" + bearer.text},
			secrets: []canary{bearer}, proof: authorized("Bearer " + bearer.text),
		},
		{
			kind: "header", auth: "{type: apiKey, env: E2E_KEY, header: X-Api-Key}", env: []string{"E2E_KEY=" + inHeader.text},
			secrets: []canary{inHeader}, proof: contains("X-Api-Key", inHeader.text),
		},
		{
			kind: "query", auth: "{type: apiKey, env: E2E_QUERY, query: api_key}", env: []string{"E2E_QUERY=" + inQuery.text},
			secrets: []canary{inQuery}, proof: func(r *http.Request) string { return r.URL.Query().Get("api_key") },
		},
		{
			kind: "basic", auth: "{type: basic, username: worker, env: E2E_BASIC}", env: []string{"E2E_BASIC=" + basic.text},
			secrets: []canary{basic}, proof: authorized("Basic "),
		},
		{
			kind: "oauth2", auth: "{type: oauth2, tokenURL: " + s.URL + "/issuer/oauth2, clientId: worker, env: E2E_CLIENT}", env: []string{"E2E_CLIENT=" + client.text},
			secrets: []canary{client, token("oauth2")}, proof: authorized("Bearer " + token("oauth2").text),
		},
		{
			kind: "oauth2-body", auth: "{type: oauth2, tokenURL: " + s.URL + "/issuer/oauth2-body, clientId: worker, clientAuth: body, env: E2E_CLIENT}",
			secrets: []canary{client, token("oauth2-body")}, proof: authorized("Bearer " + token("oauth2-body").text),
		},
		{
			kind: "azure", auth: `{type: azure, scopes: ["https://management.azure.com/.default"]}`,
			env:     []string{"AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential", "IDENTITY_ENDPOINT=" + s.URL + "/issuer/azure", "IDENTITY_HEADER=" + identity.text},
			secrets: []canary{identity, token("azure")}, proof: authorized("Bearer " + token("azure").text),
		},
		{
			kind: "google", auth: "{type: google}", env: []string{"GOOGLE_APPLICATION_CREDENTIALS=" + account},
			secrets: []canary{accountKey, token("google")}, proof: authorized("Bearer " + token("google").text),
		},
		{
			kind: "aws", auth: "{type: aws, region: eu-central-1, service: execute-api}", env: []string{
				"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=" + key.text, "AWS_SESSION_TOKEN=" + session.text,
				"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true", "AWS_CA_BUNDLE=",
			},
			secrets: []canary{key, session}, proof: authorized("AWS4-HMAC-SHA256 "),
		},
		{kind: "unset", auth: "{type: bearer, env: E2E_UNSET}", refused: true},
		{
			kind: "oauth2-refused", auth: "{type: oauth2, tokenURL: " + s.URL + "/issuer/oauth2-refused, clientId: worker, env: E2E_CLIENT}",
			secrets: []canary{client}, refused: true,
		},
		{kind: "azure-refused", auth: `{type: azure, scopes: ["https://refused.example.com/.default"]}`, secrets: []canary{identity}, refused: true},
		{kind: "google-refused", auth: "{type: google, file: " + refusedAccount + "}", secrets: []canary{refusedKey}, refused: true},
	}
	for _, c := range out {
		s.services[c.name()] = c
	}
	return out
}

// marker is the service's name, which is nowhere hidden.
func (c *credentialed) marker() canary { return newCanary("service " + c.kind) }

func (c *credentialed) name() string { return c.marker().plain() }

func contains(header, text string) func(*http.Request) string {
	return func(r *http.Request) string {
		if strings.Contains(r.Header.Get(header), text) {
			return text
		}
		return ""
	}
}

// googleAccount is a service account's file, and its private key, by the middle of it.
func (s *leaky) googleAccount(t *testing.T, issuer string) (file string, private canary) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	armored := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	content, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "worker@example.iam.gserviceaccount.com", "private_key_id": newCanary(issuer + " key id").text,
		"token_uri": s.URL + "/issuer/" + issuer, "private_key": armored,
	})
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "account.json")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file, canary{name: "key of " + issuer, text: armored, pieces: []string{strings.Split(armored, "\n")[12]}}
}
