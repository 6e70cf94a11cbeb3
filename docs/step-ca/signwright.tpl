{{- /* Certifies the workload of an ID token as Fulcio does: one URI, codeSigning, the extensions 1.3.6.1.4.1.57264.1.N.
       Everything comes from the verified token: nothing of the request but its key (.Insecure) may be used here. */ -}}
{{- $prefixes := dict "branch" "refs/heads/" "tag" "refs/tags/" -}}
{{- $required := list "iss" "sub" -}}
{{- $gitlab := hasKey .Token "project_path" -}}
{{- if $gitlab -}}
  {{- $required = concat $required (list "project_path" "project_id" "ref" "ref_type" "sha" "pipeline_source" "runner_environment" "ci_config_ref_uri") -}}
{{- end -}}
{{- range $required -}}
  {{- if not (kindIs "string" (get $.Token .)) }}{{ fail (printf "the claim %s of the ID token is not text" .) }}{{ end -}}
  {{- if eq (get $.Token .) "" }}{{ fail (printf "the ID token has no claim %s" .) }}{{ end -}}
{{- end -}}
{{- $name := "" -}}
{{- $extensions := list (list 8 .Token.iss) (list 24 .Token.sub) -}}
{{- if $gitlab -}}
  {{- if has .Token.pipeline_source (list "merge_request_event" "external_pull_request_event") }}{{ fail "pipelines of merge requests get no certificate" }}{{ end -}}
  {{- /* A fork's job, from GitLab 18.4 on; before, a child pipeline does not say what it is of. */ -}}
  {{- if hasKey .Token "job_project_id" -}}
    {{- if ne (toString .Token.job_project_id) .Token.project_id }}{{ fail "jobs of forks get no certificate" }}{{ end -}}
  {{- else if eq .Token.pipeline_source "parent_pipeline" -}}
    {{- fail "child pipelines get no certificate where GitLab does not say whose job it is (job_project_id)" -}}
  {{- end -}}
  {{- if not (hasKey $prefixes .Token.ref_type) }}{{ fail "the claim ref_type of the ID token is neither branch nor tag" }}{{ end -}}
  {{- $name = printf "https://%s" .Token.ci_config_ref_uri -}}
  {{- $extensions = concat $extensions (list
    (list 11 .Token.runner_environment)
    (list 12 (printf "%s/%s" .Token.iss .Token.project_path))
    (list 13 .Token.sha)
    (list 14 (printf "%s%s" (get $prefixes .Token.ref_type) .Token.ref))
    (list 15 .Token.project_id)
    (list 20 .Token.pipeline_source)) -}}
  {{- if and (kindIs "string" (get .Token "environment")) (get .Token "environment") -}}
    {{- $extensions = append $extensions (list 23 .Token.environment) -}}
  {{- end -}}
{{- else -}}
  {{- /* step-ca has made the URI ISSUER#SUBJECT of the token. */ -}}
  {{- range .SANs }}{{ if eq .Type "uri" }}{{ $name = .Value }}{{ end }}{{ end -}}
{{- end -}}
{
  "subject": {},
  "uris": [{{ toJson $name }}],
  "keyUsage": ["digitalSignature"],
  "extKeyUsage": ["codeSigning"],
  "extensions": [
{{- range $at, $one := $extensions }}{{ if $at }},{{ end }}
    { "id": "1.3.6.1.4.1.57264.1.{{ index $one 0 }}", "value": {{ toJson (asn1Marshal (index $one 1) "utf8") }} }
{{- end }}
  ]
}
