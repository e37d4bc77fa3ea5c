package storage

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
)

// URL says where a store is.
type URL struct {
	// Directory, or Bucket with the rest.
	Directory string
	Bucket    string
	// Prefix goes before every key. It ends in a slash, or is empty.
	Prefix string
	// Endpoint of a service that is not AWS's own, and Region; both may be empty.
	Endpoint, Region string
}

// ParseURL reads "file:///folder" and "s3://bucket/prefix?endpoint=https://host&region=r".
// The error says what is wrong, and quotes nothing.
func ParseURL(text string) (URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return URL{}, errors.New("is no URL")
	case u.User != nil:
		return URL{}, errors.New("has a user; no secret is written into the configuration")
	case u.Fragment != "":
		return URL{}, errors.New("has a fragment")
	}
	switch u.Scheme {
	case "file":
		return directoryURL(u)
	case "s3":
		return bucketURL(u)
	}
	return URL{}, errors.New("want file:///DIRECTORY or s3://BUCKET/PREFIX?endpoint=URL&region=REGION")
}

func directoryURL(u *url.URL) (URL, error) {
	if u.Host != "" || !strings.HasPrefix(u.Path, "/") || u.RawQuery != "" {
		return URL{}, errors.New("want file:///DIRECTORY, an absolute path")
	}
	return URL{Directory: filepath.FromSlash(u.Path)}, nil
}

func bucketURL(u *url.URL) (URL, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.Host == "" {
		return URL{}, errors.New("want s3://BUCKET/PREFIX?endpoint=URL&region=REGION")
	}
	for name, values := range query {
		if name != "endpoint" && name != "region" || len(values) != 1 {
			return URL{}, errors.New("has a query other than one endpoint and one region; credentials come from AWS's own environment, files and roles")
		}
	}
	out := URL{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Endpoint: query.Get("endpoint"), Region: query.Get("region")}
	if out.Prefix != "" {
		out.Prefix += "/"
	}
	if out.Endpoint == "" {
		return out, nil
	}
	e, err := url.Parse(out.Endpoint)
	if err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" || e.User != nil {
		return URL{}, errors.New("has an endpoint that is no http or https URL without a user")
	}
	return out, nil
}
