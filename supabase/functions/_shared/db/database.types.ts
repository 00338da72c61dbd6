// Generated from the migrations by `npm run generate`: do not edit.
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      a2p_registrations: {
        Row: {
          brand_sid: string | null;
          campaign_sid: string | null;
          checked_at: string;
          errors: NonNullable<Json>;
          messaging_service_sid: string;
          org_id: string;
          rate_limits: Json | null;
          status: string;
          use_case: string | null;
        };
        ComputedFields: never;
        Insert: {
          brand_sid?: string | null;
          campaign_sid?: string | null;
          checked_at: string;
          errors?: NonNullable<Json>;
          messaging_service_sid: string;
          org_id: string;
          rate_limits?: Json | null;
          status: string;
          use_case?: string | null;
        };
        Update: {
          brand_sid?: string | null;
          campaign_sid?: string | null;
          checked_at?: string;
          errors?: NonNullable<Json>;
          messaging_service_sid?: string;
          org_id?: string;
          rate_limits?: Json | null;
          status?: string;
          use_case?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "a2p_registrations_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      alerts: {
        Row: {
          campaign_id: string | null;
          created_at: string;
          details: NonNullable<Json>;
          id: string;
          kind: string;
          message: string;
          org_id: string;
          phone_number_id: string | null;
          resolved_at: string | null;
          resolved_by: string | null;
          severity: string;
        };
        ComputedFields: never;
        Insert: {
          campaign_id?: string | null;
          created_at?: string;
          details?: NonNullable<Json>;
          id?: string;
          kind: string;
          message: string;
          org_id: string;
          phone_number_id?: string | null;
          resolved_at?: string | null;
          resolved_by?: string | null;
          severity: string;
        };
        Update: {
          campaign_id?: string | null;
          created_at?: string;
          details?: NonNullable<Json>;
          id?: string;
          kind?: string;
          message?: string;
          org_id?: string;
          phone_number_id?: string | null;
          resolved_at?: string | null;
          resolved_by?: string | null;
          severity?: string;
        };
        Relationships: [
          {
            foreignKeyName: "alerts_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "alerts_resolved_by_fkey";
            columns: ["resolved_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      audit_events: {
        Row: {
          campaign_id: string | null;
          compliance_status: string;
          created_at: string;
          details: NonNullable<Json>;
          event_type: string;
          id: string;
          lead_id: string | null;
          org_id: string;
          phone_number: string | null;
          user_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          campaign_id?: string | null;
          compliance_status?: string;
          created_at?: string;
          details?: NonNullable<Json>;
          event_type: string;
          id?: string;
          lead_id?: string | null;
          org_id: string;
          phone_number?: string | null;
          user_id?: string | null;
        };
        Update: {
          campaign_id?: string | null;
          compliance_status?: string;
          created_at?: string;
          details?: NonNullable<Json>;
          event_type?: string;
          id?: string;
          lead_id?: string | null;
          org_id?: string;
          phone_number?: string | null;
          user_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "audit_events_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "audit_events_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      campaign_blueprints: {
        Row: {
          created_at: string;
          created_by: string | null;
          definition: NonNullable<Json>;
          description: string | null;
          id: string;
          name: string;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          definition: NonNullable<Json>;
          description?: string | null;
          id?: string;
          name: string;
          org_id: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          definition?: NonNullable<Json>;
          description?: string | null;
          id?: string;
          name?: string;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_blueprints_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaign_blueprints_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      campaign_phone_numbers: {
        Row: {
          campaign_id: string;
          org_id: string;
          phone_number_id: string;
        };
        ComputedFields: never;
        Insert: {
          campaign_id: string;
          org_id: string;
          phone_number_id: string;
        };
        Update: {
          campaign_id?: string;
          org_id?: string;
          phone_number_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_phone_numbers_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
          {
            foreignKeyName: "campaign_phone_numbers_org_id_phone_number_id_fkey";
            columns: ["org_id", "phone_number_id"];
            isOneToOne: false;
            referencedRelation: "phone_numbers";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_rotation_looks: {
        Row: {
          best: number | null;
          campaign_id: string;
          looked_at: string;
          org_id: string;
          people: number;
          replied: number;
          share: number;
          step: number;
          template_id: string;
          version: number;
          weighed_people: number;
          weighed_replied: number;
        };
        ComputedFields: never;
        Insert: {
          best?: number | null;
          campaign_id: string;
          looked_at: string;
          org_id: string;
          people: number;
          replied: number;
          share: number;
          step: number;
          template_id: string;
          version: number;
          weighed_people: number;
          weighed_replied: number;
        };
        Update: {
          best?: number | null;
          campaign_id?: string;
          looked_at?: string;
          org_id?: string;
          people?: number;
          replied?: number;
          share?: number;
          step?: number;
          template_id?: string;
          version?: number;
          weighed_people?: number;
          weighed_replied?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_rotation_looks_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_stats: {
        Row: {
          audience: number;
          campaign_id: string;
          canceled: number;
          delivered: number;
          excluded: number;
          failed: number;
          opt_outs: number;
          org_id: string;
          queued: number;
          replies: number;
          segments: number;
          sending: number;
          sent: number;
          unconfirmed: number | null;
          undelivered: number;
          unknown: number;
          updated_at: string;
          waiting: number;
        };
        ComputedFields: never;
        Insert: {
          audience?: number;
          campaign_id: string;
          canceled?: number;
          delivered?: number;
          excluded?: number;
          failed?: number;
          opt_outs?: number;
          org_id: string;
          queued?: number;
          replies?: number;
          segments?: number;
          sending?: number;
          sent?: number;
          unconfirmed?: never;
          undelivered?: number;
          unknown?: number;
          updated_at?: string;
          waiting?: number;
        };
        Update: {
          audience?: number;
          campaign_id?: string;
          canceled?: number;
          delivered?: number;
          excluded?: number;
          failed?: number;
          opt_outs?: number;
          org_id?: string;
          queued?: number;
          replies?: number;
          segments?: number;
          sending?: number;
          sent?: number;
          unconfirmed?: never;
          undelivered?: number;
          unknown?: number;
          updated_at?: string;
          waiting?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_stats_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_step_stats: {
        Row: {
          audience: number;
          campaign_id: string;
          canceled: number;
          delivered: number;
          excluded: number;
          failed: number;
          opt_outs: number;
          org_id: string;
          queued: number;
          replies: number;
          sending: number;
          sent: number;
          step: number;
          undelivered: number;
          unknown: number;
          waiting: number;
        };
        ComputedFields: never;
        Insert: {
          audience?: number;
          campaign_id: string;
          canceled?: number;
          delivered?: number;
          excluded?: number;
          failed?: number;
          opt_outs?: number;
          org_id: string;
          queued?: number;
          replies?: number;
          sending?: number;
          sent?: number;
          step: number;
          undelivered?: number;
          unknown?: number;
          waiting?: number;
        };
        Update: {
          audience?: number;
          campaign_id?: string;
          canceled?: number;
          delivered?: number;
          excluded?: number;
          failed?: number;
          opt_outs?: number;
          org_id?: string;
          queued?: number;
          replies?: number;
          sending?: number;
          sent?: number;
          step?: number;
          undelivered?: number;
          unknown?: number;
          waiting?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_step_stats_campaign_id_step_fkey";
            columns: ["campaign_id", "step"];
            isOneToOne: true;
            referencedRelation: "campaign_steps";
            referencedColumns: ["campaign_id", "step"];
          },
          {
            foreignKeyName: "campaign_step_stats_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_steps: {
        Row: {
          campaign_id: string;
          kind: string;
          org_id: string;
          step: number;
          stop_on: string[];
          wait_hours: number;
        };
        ComputedFields: never;
        Insert: {
          campaign_id: string;
          kind?: string;
          org_id: string;
          step: number;
          stop_on: string[];
          wait_hours: number;
        };
        Update: {
          campaign_id?: string;
          kind?: string;
          org_id?: string;
          step?: number;
          stop_on?: string[];
          wait_hours?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_steps_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_targets: {
        Row: {
          assigned_variant: number | null;
          attempts: number;
          campaign_id: string;
          created_at: string;
          delivery: string | null;
          e164: string;
          error_code: number | null;
          id: string;
          is_included: boolean | null;
          is_waiting: boolean | null;
          last_template_id: string | null;
          lead_id: string;
          lead_phone_id: string | null;
          message_id: string | null;
          min_segments: number | null;
          needs_attention: string | null;
          not_before: string;
          ordinal: number;
          org_id: string;
          phone_number_id: string | null;
          reason: string | null;
          replies_since: string | null;
          sent_at: string | null;
          state: Database["public"]["Enums"]["target_state"];
          step: number;
          sticky_until: string | null;
          updated_at: string;
          variant: number | null;
          window_key: string;
        };
        ComputedFields: never;
        Insert: {
          assigned_variant?: number | null;
          attempts?: number;
          campaign_id: string;
          created_at?: string;
          delivery?: string | null;
          e164: string;
          error_code?: number | null;
          id?: string;
          is_included?: never;
          is_waiting?: never;
          last_template_id?: string | null;
          lead_id: string;
          lead_phone_id?: string | null;
          message_id?: string | null;
          min_segments?: number | null;
          needs_attention?: string | null;
          not_before?: string;
          ordinal: number;
          org_id: string;
          phone_number_id?: string | null;
          reason?: string | null;
          replies_since?: string | null;
          sent_at?: string | null;
          state?: Database["public"]["Enums"]["target_state"];
          step?: number;
          sticky_until?: string | null;
          updated_at?: string;
          variant?: number | null;
          window_key: string;
        };
        Update: {
          assigned_variant?: number | null;
          attempts?: number;
          campaign_id?: string;
          created_at?: string;
          delivery?: string | null;
          e164?: string;
          error_code?: number | null;
          id?: string;
          is_included?: never;
          is_waiting?: never;
          last_template_id?: string | null;
          lead_id?: string;
          lead_phone_id?: string | null;
          message_id?: string | null;
          min_segments?: number | null;
          needs_attention?: string | null;
          not_before?: string;
          ordinal?: number;
          org_id?: string;
          phone_number_id?: string | null;
          reason?: string | null;
          replies_since?: string | null;
          sent_at?: string | null;
          state?: Database["public"]["Enums"]["target_state"];
          step?: number;
          sticky_until?: string | null;
          updated_at?: string;
          variant?: number | null;
          window_key?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_targets_lead_id_fkey";
            columns: ["lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["id"];
          },
        ];
      };
      campaign_templates: {
        Row: {
          campaign_id: string;
          learned_share: number | null;
          org_id: string;
          step: number;
          template_id: string;
          variant: number | null;
          weight: number;
        };
        ComputedFields: never;
        Insert: {
          campaign_id: string;
          learned_share?: number | null;
          org_id: string;
          step?: number;
          template_id: string;
          variant?: number | null;
          weight?: number;
        };
        Update: {
          campaign_id?: string;
          learned_share?: number | null;
          org_id?: string;
          step?: number;
          template_id?: string;
          variant?: number | null;
          weight?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_templates_campaign_id_variant_fkey";
            columns: ["campaign_id", "variant"];
            isOneToOne: false;
            referencedRelation: "campaign_variants";
            referencedColumns: ["campaign_id", "variant"];
          },
          {
            foreignKeyName: "campaign_templates_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
          {
            foreignKeyName: "campaign_templates_org_id_template_id_fkey";
            columns: ["org_id", "template_id"];
            isOneToOne: false;
            referencedRelation: "templates";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_test_looks: {
        Row: {
          arms: NonNullable<Json>;
          campaign_id: string;
          comparisons: NonNullable<Json>;
          id: string;
          looked_at: string;
          obstacles: string[];
          org_id: string;
          sample_ratio: number | null;
          winner: number | null;
        };
        ComputedFields: never;
        Insert: {
          arms: NonNullable<Json>;
          campaign_id: string;
          comparisons: NonNullable<Json>;
          id?: string;
          looked_at: string;
          obstacles: string[];
          org_id: string;
          sample_ratio?: number | null;
          winner?: number | null;
        };
        Update: {
          arms?: NonNullable<Json>;
          campaign_id?: string;
          comparisons?: NonNullable<Json>;
          id?: string;
          looked_at?: string;
          obstacles?: string[];
          org_id?: string;
          sample_ratio?: number | null;
          winner?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_test_looks_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaign_tests: {
        Row: {
          alpha: number;
          campaign_id: string;
          created_at: string;
          created_by: string | null;
          deadline: string;
          decided_at: string | null;
          decides: string;
          evidence: Json | null;
          held: number;
          id: string;
          looked_at: string | null;
          maturity_hours: number;
          metric: string;
          min_per_arm: number;
          org_id: string;
          promoted: number | null;
          promoted_at: string | null;
          promoted_by: string | null;
          status: string;
          test_percent: number;
          tuning_n: number;
          updated_at: string;
          winner: number | null;
        };
        ComputedFields: never;
        Insert: {
          alpha?: number;
          campaign_id: string;
          created_at?: string;
          created_by?: string | null;
          deadline: string;
          decided_at?: string | null;
          decides?: string;
          evidence?: Json | null;
          held?: number;
          id?: string;
          looked_at?: string | null;
          maturity_hours?: number;
          metric: string;
          min_per_arm?: number;
          org_id: string;
          promoted?: number | null;
          promoted_at?: string | null;
          promoted_by?: string | null;
          status?: string;
          test_percent?: number;
          tuning_n?: number;
          updated_at?: string;
          winner?: number | null;
        };
        Update: {
          alpha?: number;
          campaign_id?: string;
          created_at?: string;
          created_by?: string | null;
          deadline?: string;
          decided_at?: string | null;
          decides?: string;
          evidence?: Json | null;
          held?: number;
          id?: string;
          looked_at?: string | null;
          maturity_hours?: number;
          metric?: string;
          min_per_arm?: number;
          org_id?: string;
          promoted?: number | null;
          promoted_at?: string | null;
          promoted_by?: string | null;
          status?: string;
          test_percent?: number;
          tuning_n?: number;
          updated_at?: string;
          winner?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_tests_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaign_tests_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
          {
            foreignKeyName: "campaign_tests_promoted_by_fkey";
            columns: ["promoted_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      campaign_variants: {
        Row: {
          assigned: number;
          campaign_id: string;
          name: string;
          org_id: string;
          share: number;
          variant: number;
        };
        ComputedFields: never;
        Insert: {
          assigned?: number;
          campaign_id: string;
          name: string;
          org_id: string;
          share: number;
          variant: number;
        };
        Update: {
          assigned?: number;
          campaign_id?: string;
          name?: string;
          org_id?: string;
          share?: number;
          variant?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_variants_org_id_campaign_id_fkey";
            columns: ["org_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      campaigns: {
        Row: {
          archived_at: string | null;
          breaker_since: string | null;
          build_cursor: string | null;
          built_at: string | null;
          cooldown_days: number | null;
          created_at: string;
          created_by: string | null;
          daily_cap: number | null;
          description: string | null;
          finished_at: string | null;
          id: string;
          mps: number | null;
          name: string;
          needs_attention: string | null;
          org_id: string;
          paused_at: string | null;
          phones: string;
          quiet_hours_override: boolean;
          retry_undelivered: boolean;
          rotation: string;
          scheduled_at: string | null;
          started_at: string | null;
          starts_when_built: boolean;
          status: Database["public"]["Enums"]["campaign_status"];
          status_reason: string | null;
          target_criteria: NonNullable<Json>;
          template_category: string;
          type: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          archived_at?: string | null;
          breaker_since?: string | null;
          build_cursor?: string | null;
          built_at?: string | null;
          cooldown_days?: number | null;
          created_at?: string;
          created_by?: string | null;
          daily_cap?: number | null;
          description?: string | null;
          finished_at?: string | null;
          id?: string;
          mps?: number | null;
          name: string;
          needs_attention?: string | null;
          org_id: string;
          paused_at?: string | null;
          phones?: string;
          quiet_hours_override?: boolean;
          retry_undelivered?: boolean;
          rotation?: string;
          scheduled_at?: string | null;
          started_at?: string | null;
          starts_when_built?: boolean;
          status?: Database["public"]["Enums"]["campaign_status"];
          status_reason?: string | null;
          target_criteria?: NonNullable<Json>;
          template_category?: string;
          type?: string;
          updated_at?: string;
        };
        Update: {
          archived_at?: string | null;
          breaker_since?: string | null;
          build_cursor?: string | null;
          built_at?: string | null;
          cooldown_days?: number | null;
          created_at?: string;
          created_by?: string | null;
          daily_cap?: number | null;
          description?: string | null;
          finished_at?: string | null;
          id?: string;
          mps?: number | null;
          name?: string;
          needs_attention?: string | null;
          org_id?: string;
          paused_at?: string | null;
          phones?: string;
          quiet_hours_override?: boolean;
          retry_undelivered?: boolean;
          rotation?: string;
          scheduled_at?: string | null;
          started_at?: string | null;
          starts_when_built?: boolean;
          status?: Database["public"]["Enums"]["campaign_status"];
          status_reason?: string | null;
          target_criteria?: NonNullable<Json>;
          template_category?: string;
          type?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaigns_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaigns_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      carrier_caps: {
        Row: {
          carrier: string;
          created_at: string;
          daily_segments: number;
          id: string;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          carrier: string;
          created_at?: string;
          daily_segments: number;
          id?: string;
          org_id: string;
          updated_at?: string;
        };
        Update: {
          carrier?: string;
          created_at?: string;
          daily_segments?: number;
          id?: string;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "carrier_caps_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      consent_records: {
        Row: {
          e164: string;
          evidence: string | null;
          id: string;
          import_id: string | null;
          language: string | null;
          lead_id: string | null;
          method: string;
          org_id: string;
          recorded_at: string;
          recorded_by: string | null;
          status: string;
        };
        ComputedFields: never;
        Insert: {
          e164: string;
          evidence?: string | null;
          id?: string;
          import_id?: string | null;
          language?: string | null;
          lead_id?: string | null;
          method: string;
          org_id: string;
          recorded_at?: string;
          recorded_by?: string | null;
          status: string;
        };
        Update: {
          e164?: string;
          evidence?: string | null;
          id?: string;
          import_id?: string | null;
          language?: string | null;
          lead_id?: string | null;
          method?: string;
          org_id?: string;
          recorded_at?: string;
          recorded_by?: string | null;
          status?: string;
        };
        Relationships: [
          {
            foreignKeyName: "consent_records_import_id_fkey";
            columns: ["import_id"];
            isOneToOne: false;
            referencedRelation: "imports";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "consent_records_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "consent_records_recorded_by_fkey";
            columns: ["recorded_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      consent_rules: {
        Row: {
          effective_from: string;
          effective_to: string | null;
          id: string;
          reviewed_at: string;
          source: string;
          state: string;
        };
        ComputedFields: never;
        Insert: {
          effective_from: string;
          effective_to?: string | null;
          id?: string;
          reviewed_at: string;
          source: string;
          state: string;
        };
        Update: {
          effective_from?: string;
          effective_to?: string | null;
          id?: string;
          reviewed_at?: string;
          source?: string;
          state?: string;
        };
        Relationships: [];
      };
      conversation_events: {
        Row: {
          actor_id: string | null;
          conversation_id: string;
          created_at: string;
          details: NonNullable<Json>;
          event: string;
          id: string;
          org_id: string;
        };
        ComputedFields: never;
        Insert: {
          actor_id?: string | null;
          conversation_id: string;
          created_at: string;
          details?: NonNullable<Json>;
          event: string;
          id?: string;
          org_id: string;
        };
        Update: {
          actor_id?: string | null;
          conversation_id?: string;
          created_at?: string;
          details?: NonNullable<Json>;
          event?: string;
          id?: string;
          org_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "conversation_events_actor_id_fkey";
            columns: ["actor_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversation_events_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
        ];
      };
      conversation_labels: {
        Row: {
          added_at: string;
          conversation_id: string;
          label_id: string;
          org_id: string;
        };
        ComputedFields: never;
        Insert: {
          added_at: string;
          conversation_id: string;
          label_id: string;
          org_id: string;
        };
        Update: {
          added_at?: string;
          conversation_id?: string;
          label_id?: string;
          org_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "conversation_labels_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversation_labels_org_id_label_id_fkey";
            columns: ["org_id", "label_id"];
            isOneToOne: false;
            referencedRelation: "labels";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      conversation_notes: {
        Row: {
          author_id: string | null;
          content: string;
          conversation_id: string;
          created_at: string;
          deleted_at: string | null;
          deleted_by: string | null;
          id: string;
          mentions: string[];
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          author_id?: string | null;
          content: string;
          conversation_id: string;
          created_at: string;
          deleted_at?: string | null;
          deleted_by?: string | null;
          id?: string;
          mentions?: string[];
          org_id: string;
          updated_at: string;
        };
        Update: {
          author_id?: string | null;
          content?: string;
          conversation_id?: string;
          created_at?: string;
          deleted_at?: string | null;
          deleted_by?: string | null;
          id?: string;
          mentions?: string[];
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "conversation_notes_author_id_fkey";
            columns: ["author_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversation_notes_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
        ];
      };
      conversations: {
        Row: {
          assigned_at: string | null;
          assignee_id: string | null;
          campaign_id: string | null;
          claimed_by: string | null;
          claimed_until: string | null;
          class_source: string | null;
          created_at: string;
          due_at: string | null;
          e164: string;
          escalated_at: string | null;
          escalates_at: string | null;
          first_inbound_at: string | null;
          hot_due_at: string | null;
          hot_since: string | null;
          id: string;
          is_auto_assigned: boolean;
          is_starred: boolean;
          last_direction: string | null;
          last_message: string | null;
          last_message_at: string;
          lead_id: string | null;
          org_id: string;
          phone_number_id: string | null;
          reply_class: string | null;
          returns_at: string | null;
          snoozed_until: string | null;
          status: string;
          unread_count: number;
          updated_at: string;
          version: number;
          waiting_since: string | null;
        };
        ComputedFields: never;
        Insert: {
          assigned_at?: string | null;
          assignee_id?: string | null;
          campaign_id?: string | null;
          claimed_by?: string | null;
          claimed_until?: string | null;
          class_source?: string | null;
          created_at?: string;
          due_at?: never;
          e164: string;
          escalated_at?: string | null;
          escalates_at?: string | null;
          first_inbound_at?: string | null;
          hot_due_at?: string | null;
          hot_since?: string | null;
          id?: string;
          is_auto_assigned?: boolean;
          is_starred?: boolean;
          last_direction?: string | null;
          last_message?: string | null;
          last_message_at?: string;
          lead_id?: string | null;
          org_id: string;
          phone_number_id?: string | null;
          reply_class?: string | null;
          returns_at?: string | null;
          snoozed_until?: string | null;
          status?: string;
          unread_count?: number;
          updated_at?: string;
          version?: number;
          waiting_since?: string | null;
        };
        Update: {
          assigned_at?: string | null;
          assignee_id?: string | null;
          campaign_id?: string | null;
          claimed_by?: string | null;
          claimed_until?: string | null;
          class_source?: string | null;
          created_at?: string;
          due_at?: never;
          e164?: string;
          escalated_at?: string | null;
          escalates_at?: string | null;
          first_inbound_at?: string | null;
          hot_due_at?: string | null;
          hot_since?: string | null;
          id?: string;
          is_auto_assigned?: boolean;
          is_starred?: boolean;
          last_direction?: string | null;
          last_message?: string | null;
          last_message_at?: string;
          lead_id?: string | null;
          org_id?: string;
          phone_number_id?: string | null;
          reply_class?: string | null;
          returns_at?: string | null;
          snoozed_until?: string | null;
          status?: string;
          unread_count?: number;
          updated_at?: string;
          version?: number;
          waiting_since?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "conversations_campaign_id_fkey";
            columns: ["campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_lead_id_fkey";
            columns: ["lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_org_id_assignee_id_fkey";
            columns: ["org_id", "assignee_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["org_id", "id"];
          },
          {
            foreignKeyName: "conversations_org_id_claimed_by_fkey";
            columns: ["org_id", "claimed_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["org_id", "id"];
          },
          {
            foreignKeyName: "conversations_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_phone_number_id_fkey";
            columns: ["phone_number_id"];
            isOneToOne: false;
            referencedRelation: "phone_numbers";
            referencedColumns: ["id"];
          },
        ];
      };
      daily_spending: {
        Row: {
          cost: number;
          day: string;
          messages: number;
          org_id: string;
          segments: number;
        };
        ComputedFields: never;
        Insert: {
          cost?: number;
          day: string;
          messages?: number;
          org_id: string;
          segments?: number;
        };
        Update: {
          cost?: number;
          day?: string;
          messages?: number;
          org_id?: string;
          segments?: number;
        };
        Relationships: [
          {
            foreignKeyName: "daily_spending_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      enrichment_answers: {
        Row: {
          answer: string | null;
          http_status: number | null;
          id: number;
          org_id: string;
          reason: string | null;
          received_at: string;
          service_id: string;
          subjects: string[];
        };
        ComputedFields: never;
        Insert: {
          answer?: string | null;
          http_status?: number | null;
          id?: never;
          org_id: string;
          reason?: string | null;
          received_at?: string;
          service_id: string;
          subjects: string[];
        };
        Update: {
          answer?: string | null;
          http_status?: number | null;
          id?: never;
          org_id?: string;
          reason?: string | null;
          received_at?: string;
          service_id?: string;
          subjects?: string[];
        };
        Relationships: [
          {
            foreignKeyName: "enrichment_answers_org_id_service_id_fkey";
            columns: ["org_id", "service_id"];
            isOneToOne: false;
            referencedRelation: "enrichment_services";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      enrichment_services: {
        Row: {
          batch_size: number;
          created_at: string;
          daily_budget: number;
          field_map: NonNullable<Json>;
          has_secret: boolean;
          id: string;
          is_automatic: boolean;
          is_enabled: boolean;
          kind: string;
          method: string;
          name: string;
          org_id: string;
          request: NonNullable<Json>;
          secret_header: string;
          secret_id: string | null;
          timeout_ms: number;
          updated_at: string;
          url: string;
        };
        ComputedFields: never;
        Insert: {
          batch_size?: number;
          created_at?: string;
          daily_budget?: number;
          field_map: NonNullable<Json>;
          has_secret?: never;
          id?: string;
          is_automatic?: boolean;
          is_enabled?: boolean;
          kind: string;
          method?: string;
          name: string;
          org_id: string;
          request: NonNullable<Json>;
          secret_header?: string;
          secret_id?: string | null;
          timeout_ms?: number;
          updated_at?: string;
          url: string;
        };
        Update: {
          batch_size?: number;
          created_at?: string;
          daily_budget?: number;
          field_map?: NonNullable<Json>;
          has_secret?: never;
          id?: string;
          is_automatic?: boolean;
          is_enabled?: boolean;
          kind?: string;
          method?: string;
          name?: string;
          org_id?: string;
          request?: NonNullable<Json>;
          secret_header?: string;
          secret_id?: string | null;
          timeout_ms?: number;
          updated_at?: string;
          url?: string;
        };
        Relationships: [
          {
            foreignKeyName: "enrichment_services_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      import_mappings: {
        Row: {
          columns: string[];
          created_at: string;
          created_by: string | null;
          fingerprint: string;
          id: string;
          mapping: NonNullable<Json>;
          name: string;
          options: NonNullable<Json>;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          columns: string[];
          created_at?: string;
          created_by?: string | null;
          fingerprint: string;
          id?: string;
          mapping: NonNullable<Json>;
          name: string;
          options?: NonNullable<Json>;
          org_id: string;
          updated_at?: string;
        };
        Update: {
          columns?: string[];
          created_at?: string;
          created_by?: string | null;
          fingerprint?: string;
          id?: string;
          mapping?: NonNullable<Json>;
          name?: string;
          options?: NonNullable<Json>;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "import_mappings_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "import_mappings_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      import_rejections: {
        Row: {
          field: string | null;
          id: number;
          import_id: string;
          lead_id: string | null;
          line: number;
          org_id: string;
          outcome: string;
          raw: NonNullable<Json>;
          reason: string;
        };
        ComputedFields: never;
        Insert: {
          field?: string | null;
          id?: never;
          import_id: string;
          lead_id?: string | null;
          line: number;
          org_id: string;
          outcome?: string;
          raw: NonNullable<Json>;
          reason: string;
        };
        Update: {
          field?: string | null;
          id?: never;
          import_id?: string;
          lead_id?: string | null;
          line?: number;
          org_id?: string;
          outcome?: string;
          raw?: NonNullable<Json>;
          reason?: string;
        };
        Relationships: [
          {
            foreignKeyName: "import_rejections_org_id_import_id_fkey";
            columns: ["org_id", "import_id"];
            isOneToOne: false;
            referencedRelation: "imports";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      import_uploads: {
        Row: {
          created_at: string;
          created_by: string | null;
          expires_at: string;
          file_bytes: number;
          file_name: string;
          id: string;
          org_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          expires_at: string;
          file_bytes: number;
          file_name: string;
          id?: string;
          org_id: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          expires_at?: string;
          file_bytes?: number;
          file_name?: string;
          id?: string;
          org_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "import_uploads_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "import_uploads_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      imports: {
        Row: {
          columns: string[];
          content_hash: string;
          created_at: string;
          created_by: string | null;
          delimiter: string;
          duplicate_rows: number;
          encoding: string;
          error_message: string | null;
          file_bytes: number;
          file_name: string;
          finished_at: string | null;
          hidden_rows: number;
          id: string;
          imported_rows: number;
          kept_rows: number;
          mapping: NonNullable<Json>;
          next_byte: number;
          next_chunk: number;
          next_line: number;
          options: NonNullable<Json>;
          org_id: string;
          processed_rows: number;
          rejected_rows: number;
          rows_per_second: number | null;
          run_from_byte: number;
          run_from_rows: number;
          run_started_at: string | null;
          seconds_left: number | null;
          started_at: string | null;
          status: string;
          storage_path: string;
          tags: string[];
          total_rows: number | null;
          undo_after: string | null;
          undo_total: number | null;
          undone_at: string | null;
          undone_rows: number;
          updated_at: string;
          updated_rows: number;
          warning_count: number;
        };
        ComputedFields: never;
        Insert: {
          columns: string[];
          content_hash: string;
          created_at?: string;
          created_by?: string | null;
          delimiter: string;
          duplicate_rows?: number;
          encoding: string;
          error_message?: string | null;
          file_bytes: number;
          file_name: string;
          finished_at?: string | null;
          hidden_rows?: number;
          id?: string;
          imported_rows?: number;
          kept_rows?: number;
          mapping: NonNullable<Json>;
          next_byte?: number;
          next_chunk?: number;
          next_line?: number;
          options?: NonNullable<Json>;
          org_id: string;
          processed_rows?: number;
          rejected_rows?: number;
          rows_per_second?: number | null;
          run_from_byte?: number;
          run_from_rows?: number;
          run_started_at?: string | null;
          seconds_left?: number | null;
          started_at?: string | null;
          status?: string;
          storage_path: string;
          tags?: string[];
          total_rows?: number | null;
          undo_after?: string | null;
          undo_total?: number | null;
          undone_at?: string | null;
          undone_rows?: number;
          updated_at?: string;
          updated_rows?: number;
          warning_count?: number;
        };
        Update: {
          columns?: string[];
          content_hash?: string;
          created_at?: string;
          created_by?: string | null;
          delimiter?: string;
          duplicate_rows?: number;
          encoding?: string;
          error_message?: string | null;
          file_bytes?: number;
          file_name?: string;
          finished_at?: string | null;
          hidden_rows?: number;
          id?: string;
          imported_rows?: number;
          kept_rows?: number;
          mapping?: NonNullable<Json>;
          next_byte?: number;
          next_chunk?: number;
          next_line?: number;
          options?: NonNullable<Json>;
          org_id?: string;
          processed_rows?: number;
          rejected_rows?: number;
          rows_per_second?: number | null;
          run_from_byte?: number;
          run_from_rows?: number;
          run_started_at?: string | null;
          seconds_left?: number | null;
          started_at?: string | null;
          status?: string;
          storage_path?: string;
          tags?: string[];
          total_rows?: number | null;
          undo_after?: string | null;
          undo_total?: number | null;
          undone_at?: string | null;
          undone_rows?: number;
          updated_at?: string;
          updated_rows?: number;
          warning_count?: number;
        };
        Relationships: [
          {
            foreignKeyName: "imports_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "imports_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      invitations: {
        Row: {
          created_at: string;
          email: string;
          expires_at: string;
          id: string;
          invited_by: string;
          org_id: string;
          role: Database["public"]["Enums"]["user_role"];
          token_hash: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          email: string;
          expires_at?: string;
          id?: string;
          invited_by: string;
          org_id: string;
          role?: Database["public"]["Enums"]["user_role"];
          token_hash: string;
        };
        Update: {
          created_at?: string;
          email?: string;
          expires_at?: string;
          id?: string;
          invited_by?: string;
          org_id?: string;
          role?: Database["public"]["Enums"]["user_role"];
          token_hash?: string;
        };
        Relationships: [
          {
            foreignKeyName: "invitations_invited_by_fkey";
            columns: ["invited_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      jobs: {
        Row: {
          created_at: string;
          created_by: string | null;
          done_items: number;
          error_message: string | null;
          finished_at: string | null;
          id: string;
          input: NonNullable<Json>;
          items_per_second: number | null;
          kind: string;
          org_id: string;
          required_role: Database["public"]["Enums"]["user_role"];
          result: NonNullable<Json>;
          seconds_left: number | null;
          started_at: string | null;
          status: string;
          total_items: number | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          done_items?: number;
          error_message?: string | null;
          finished_at?: string | null;
          id?: string;
          input?: NonNullable<Json>;
          items_per_second?: number | null;
          kind: string;
          org_id: string;
          required_role: Database["public"]["Enums"]["user_role"];
          result?: NonNullable<Json>;
          seconds_left?: number | null;
          started_at?: string | null;
          status?: string;
          total_items?: number | null;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          done_items?: number;
          error_message?: string | null;
          finished_at?: string | null;
          id?: string;
          input?: NonNullable<Json>;
          items_per_second?: number | null;
          kind?: string;
          org_id?: string;
          required_role?: Database["public"]["Enums"]["user_role"];
          result?: NonNullable<Json>;
          seconds_left?: number | null;
          started_at?: string | null;
          status?: string;
          total_items?: number | null;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "jobs_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "jobs_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      labels: {
        Row: {
          color: string | null;
          created_at: string;
          id: string;
          lead_tag: string | null;
          name: string;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          color?: string | null;
          created_at: string;
          id?: string;
          lead_tag?: string | null;
          name: string;
          org_id: string;
          updated_at: string;
        };
        Update: {
          color?: string | null;
          created_at?: string;
          id?: string;
          lead_tag?: string | null;
          name?: string;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "labels_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      lead_events: {
        Row: {
          cause: string;
          created_at: string;
          id: string;
          kind: string;
          lead_id: string;
          message_id: string | null;
          new_value: string;
          old_value: string;
          org_id: string;
          user_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          cause: string;
          created_at?: string;
          id?: string;
          kind: string;
          lead_id: string;
          message_id?: string | null;
          new_value: string;
          old_value: string;
          org_id: string;
          user_id?: string | null;
        };
        Update: {
          cause?: string;
          created_at?: string;
          id?: string;
          kind?: string;
          lead_id?: string;
          message_id?: string | null;
          new_value?: string;
          old_value?: string;
          org_id?: string;
          user_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "lead_events_lead_id_fkey";
            columns: ["lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_events_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_events_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      lead_phones: {
        Row: {
          carrier: string | null;
          carrier_info: NonNullable<Json>;
          consent_status: string;
          created_at: string;
          e164: string;
          id: string;
          invalid_reason: string | null;
          is_primary: boolean | null;
          is_valid: boolean;
          label: string | null;
          lead_id: string;
          line_type: string | null;
          line_type_source: string | null;
          looked_up_at: string | null;
          org_id: string;
          role: string;
        };
        ComputedFields: never;
        Insert: {
          carrier?: string | null;
          carrier_info?: NonNullable<Json>;
          consent_status?: string;
          created_at?: string;
          e164: string;
          id?: string;
          invalid_reason?: string | null;
          is_primary?: never;
          is_valid?: boolean;
          label?: string | null;
          lead_id: string;
          line_type?: string | null;
          line_type_source?: string | null;
          looked_up_at?: string | null;
          org_id: string;
          role: string;
        };
        Update: {
          carrier?: string | null;
          carrier_info?: NonNullable<Json>;
          consent_status?: string;
          created_at?: string;
          e164?: string;
          id?: string;
          invalid_reason?: string | null;
          is_primary?: never;
          is_valid?: boolean;
          label?: string | null;
          lead_id?: string;
          line_type?: string | null;
          line_type_source?: string | null;
          looked_up_at?: string | null;
          org_id?: string;
          role?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_phones_org_id_lead_id_fkey";
            columns: ["org_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      lead_properties: {
        Row: {
          acreage: number | null;
          apn: string | null;
          county: string | null;
          created_at: string;
          estimated_value: number | null;
          id: string;
          lead_id: string;
          org_id: string;
          property_type: string | null;
          situs: string | null;
          state: string | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          acreage?: number | null;
          apn?: string | null;
          county?: string | null;
          created_at?: string;
          estimated_value?: number | null;
          id?: string;
          lead_id: string;
          org_id: string;
          property_type?: string | null;
          situs?: string | null;
          state?: string | null;
          updated_at?: string;
        };
        Update: {
          acreage?: number | null;
          apn?: string | null;
          county?: string | null;
          created_at?: string;
          estimated_value?: number | null;
          id?: string;
          lead_id?: string;
          org_id?: string;
          property_type?: string | null;
          situs?: string | null;
          state?: string | null;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_properties_org_id_lead_id_fkey";
            columns: ["org_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      leads: {
        Row: {
          address1: string | null;
          address2: string | null;
          apn_text: string;
          city: string | null;
          consent_status: string;
          county: string | null;
          county_keys: string[];
          created_at: string;
          custom_fields: NonNullable<Json>;
          deleted_at: string | null;
          email: string | null;
          erased_at: string | null;
          first_contacted_at: string | null;
          first_name: string | null;
          full_name: string | null;
          id: string;
          import_id: string | null;
          language: string | null;
          last_name: string | null;
          lead_score: string;
          merged_into: string | null;
          notes: string | null;
          org_id: string;
          parcel_counties: string[];
          phone_digits: string;
          postal_code: string | null;
          refusal: string | null;
          score_rank: number;
          search_text: string;
          source: string | null;
          state: string | null;
          status: string;
          tags: string[];
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          address1?: string | null;
          address2?: string | null;
          apn_text?: string;
          city?: string | null;
          consent_status?: string;
          county?: string | null;
          county_keys?: never;
          created_at?: string;
          custom_fields?: NonNullable<Json>;
          deleted_at?: string | null;
          email?: string | null;
          erased_at?: string | null;
          first_contacted_at?: string | null;
          first_name?: string | null;
          full_name?: never;
          id?: string;
          import_id?: string | null;
          language?: string | null;
          last_name?: string | null;
          lead_score?: string;
          merged_into?: string | null;
          notes?: string | null;
          org_id: string;
          parcel_counties?: string[];
          phone_digits?: string;
          postal_code?: string | null;
          refusal?: never;
          score_rank?: never;
          search_text?: never;
          source?: string | null;
          state?: string | null;
          status?: string;
          tags?: string[];
          updated_at?: string;
        };
        Update: {
          address1?: string | null;
          address2?: string | null;
          apn_text?: string;
          city?: string | null;
          consent_status?: string;
          county?: string | null;
          county_keys?: never;
          created_at?: string;
          custom_fields?: NonNullable<Json>;
          deleted_at?: string | null;
          email?: string | null;
          erased_at?: string | null;
          first_contacted_at?: string | null;
          first_name?: string | null;
          full_name?: never;
          id?: string;
          import_id?: string | null;
          language?: string | null;
          last_name?: string | null;
          lead_score?: string;
          merged_into?: string | null;
          notes?: string | null;
          org_id?: string;
          parcel_counties?: string[];
          phone_digits?: string;
          postal_code?: string | null;
          refusal?: never;
          score_rank?: never;
          search_text?: never;
          source?: string | null;
          state?: string | null;
          status?: string;
          tags?: string[];
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "leads_import_id_fkey";
            columns: ["import_id"];
            isOneToOne: false;
            referencedRelation: "imports";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_merged_into_fkey";
            columns: ["merged_into"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      message_media: {
        Row: {
          attempts: number;
          bytes: number | null;
          content_type: string | null;
          created_at: string;
          direction: string;
          id: string;
          message_id: string | null;
          next_at: string | null;
          ordinal: number | null;
          org_id: string;
          path: string | null;
          provider_sid: string | null;
          provider_url: string | null;
          reason: string | null;
          sha256: string | null;
          state: string;
          uploaded_by: string | null;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          bytes?: number | null;
          content_type?: string | null;
          created_at?: string;
          direction: string;
          id?: string;
          message_id?: string | null;
          next_at?: string | null;
          ordinal?: number | null;
          org_id: string;
          path?: string | null;
          provider_sid?: string | null;
          provider_url?: string | null;
          reason?: string | null;
          sha256?: string | null;
          state?: string;
          uploaded_by?: string | null;
        };
        Update: {
          attempts?: number;
          bytes?: number | null;
          content_type?: string | null;
          created_at?: string;
          direction?: string;
          id?: string;
          message_id?: string | null;
          next_at?: string | null;
          ordinal?: number | null;
          org_id?: string;
          path?: string | null;
          provider_sid?: string | null;
          provider_url?: string | null;
          reason?: string | null;
          sha256?: string | null;
          state?: string;
          uploaded_by?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "message_media_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "message_media_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "message_media_uploaded_by_fkey";
            columns: ["uploaded_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
        ];
      };
      message_status_events: {
        Row: {
          attempt_id: string | null;
          created_at: string;
          error_code: number | null;
          id: number;
          message_id: string;
          org_id: string;
          provider_sid: string | null;
          raw_data: Json | null;
          status: string;
        };
        ComputedFields: never;
        Insert: {
          attempt_id?: string | null;
          created_at?: string;
          error_code?: number | null;
          id?: never;
          message_id: string;
          org_id: string;
          provider_sid?: string | null;
          raw_data?: Json | null;
          status: string;
        };
        Update: {
          attempt_id?: string | null;
          created_at?: string;
          error_code?: number | null;
          id?: never;
          message_id?: string;
          org_id?: string;
          provider_sid?: string | null;
          raw_data?: Json | null;
          status?: string;
        };
        Relationships: [
          {
            foreignKeyName: "message_status_events_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
        ];
      };
      messages: {
        Row: {
          answers_message_id: string | null;
          attempt_id: string | null;
          author_id: string | null;
          campaign_id: string | null;
          campaign_target_id: string | null;
          carrier_cap_id: string | null;
          charged_day: string | null;
          charged_segments: number;
          class_phrase: string | null;
          class_rule: string | null;
          class_version: number | null;
          classification: string | null;
          content: string | null;
          conversation_id: string | null;
          conversation_version: number | null;
          cost: number | null;
          created_at: string;
          direction: string;
          error_code: number | null;
          error_message: string | null;
          exempt: string | null;
          from_number: string;
          has_media: boolean;
          holds: boolean;
          id: string;
          interest: string | null;
          is_live: boolean | null;
          is_open: boolean | null;
          is_unknown: boolean | null;
          kind: string;
          language: string | null;
          lead_id: string | null;
          needs_attention: string | null;
          org_id: string;
          phone_number_id: string | null;
          provider: string;
          provider_rank: number;
          provider_sid: string | null;
          provider_status: string | null;
          queued_at: string;
          reviewed_as: string | null;
          reviewed_at: string | null;
          reviewed_by: string | null;
          segments: number | null;
          sent_at: string | null;
          settled_at: string | null;
          status: Database["public"]["Enums"]["message_status"];
          step: number | null;
          template_id: string | null;
          template_version: number | null;
          to_number: string;
          updated_at: string;
          variables: Json | null;
        };
        ComputedFields: never;
        Insert: {
          answers_message_id?: string | null;
          attempt_id?: string | null;
          author_id?: string | null;
          campaign_id?: string | null;
          campaign_target_id?: string | null;
          carrier_cap_id?: string | null;
          charged_day?: string | null;
          charged_segments?: number;
          class_phrase?: string | null;
          class_rule?: string | null;
          class_version?: number | null;
          classification?: string | null;
          content?: string | null;
          conversation_id?: string | null;
          conversation_version?: number | null;
          cost?: number | null;
          created_at?: string;
          direction?: never;
          error_code?: number | null;
          error_message?: string | null;
          exempt?: string | null;
          from_number: string;
          has_media?: boolean;
          holds?: boolean;
          id?: string;
          interest?: string | null;
          is_live?: never;
          is_open?: never;
          is_unknown?: never;
          kind: string;
          language?: string | null;
          lead_id?: string | null;
          needs_attention?: string | null;
          org_id: string;
          phone_number_id?: string | null;
          provider?: string;
          provider_rank?: number;
          provider_sid?: string | null;
          provider_status?: string | null;
          queued_at?: string;
          reviewed_as?: string | null;
          reviewed_at?: string | null;
          reviewed_by?: string | null;
          segments?: number | null;
          sent_at?: string | null;
          settled_at?: string | null;
          status: Database["public"]["Enums"]["message_status"];
          step?: number | null;
          template_id?: string | null;
          template_version?: number | null;
          to_number: string;
          updated_at?: string;
          variables?: Json | null;
        };
        Update: {
          answers_message_id?: string | null;
          attempt_id?: string | null;
          author_id?: string | null;
          campaign_id?: string | null;
          campaign_target_id?: string | null;
          carrier_cap_id?: string | null;
          charged_day?: string | null;
          charged_segments?: number;
          class_phrase?: string | null;
          class_rule?: string | null;
          class_version?: number | null;
          classification?: string | null;
          content?: string | null;
          conversation_id?: string | null;
          conversation_version?: number | null;
          cost?: number | null;
          created_at?: string;
          direction?: never;
          error_code?: number | null;
          error_message?: string | null;
          exempt?: string | null;
          from_number?: string;
          has_media?: boolean;
          holds?: boolean;
          id?: string;
          interest?: string | null;
          is_live?: never;
          is_open?: never;
          is_unknown?: never;
          kind?: string;
          language?: string | null;
          lead_id?: string | null;
          needs_attention?: string | null;
          org_id?: string;
          phone_number_id?: string | null;
          provider?: string;
          provider_rank?: number;
          provider_sid?: string | null;
          provider_status?: string | null;
          queued_at?: string;
          reviewed_as?: string | null;
          reviewed_at?: string | null;
          reviewed_by?: string | null;
          segments?: number | null;
          sent_at?: string | null;
          settled_at?: string | null;
          status?: Database["public"]["Enums"]["message_status"];
          step?: number | null;
          template_id?: string | null;
          template_version?: number | null;
          to_number?: string;
          updated_at?: string;
          variables?: Json | null;
        };
        Relationships: [
          {
            foreignKeyName: "messages_author_id_fkey";
            columns: ["author_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_campaign_id_fkey";
            columns: ["campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_lead_id_fkey";
            columns: ["lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_phone_number_id_fkey";
            columns: ["phone_number_id"];
            isOneToOne: false;
            referencedRelation: "phone_numbers";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_reviewed_by_fkey";
            columns: ["reviewed_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "messages_template_id_fkey";
            columns: ["template_id"];
            isOneToOne: false;
            referencedRelation: "templates";
            referencedColumns: ["id"];
          },
        ];
      };
      opt_outs: {
        Row: {
          campaign_id: string | null;
          created_at: string;
          created_by: string | null;
          e164: string;
          id: string;
          is_active: boolean;
          needs_review: boolean;
          org_id: string;
          reason: string | null;
          removed_at: string | null;
          source: string;
        };
        ComputedFields: never;
        Insert: {
          campaign_id?: string | null;
          created_at?: string;
          created_by?: string | null;
          e164: string;
          id?: string;
          is_active?: boolean;
          needs_review?: boolean;
          org_id: string;
          reason?: string | null;
          removed_at?: string | null;
          source: string;
        };
        Update: {
          campaign_id?: string | null;
          created_at?: string;
          created_by?: string | null;
          e164?: string;
          id?: string;
          is_active?: boolean;
          needs_review?: boolean;
          org_id?: string;
          reason?: string | null;
          removed_at?: string | null;
          source?: string;
        };
        Relationships: [
          {
            foreignKeyName: "opt_outs_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "opt_outs_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      orgs: {
        Row: {
          assignment: string;
          brand: string;
          consent_policy: string;
          cooldown_days: number;
          created_at: string;
          daily_cap: number | null;
          health_min_messages: number;
          health_quarantine_below: number;
          hot_minutes: number;
          id: string;
          language: string;
          lookup_daily_budget: number;
          lookup_enabled: boolean;
          lookup_price: number;
          max_open: number;
          mps: number | null;
          name: string;
          quiet_ends: string;
          quiet_starts: string;
          reply_hours: Json | null;
          return_minutes: number;
          support_contact: string | null;
          time_zone: string;
          updated_at: string;
          warmup_caps: number[];
        };
        ComputedFields: never;
        Insert: {
          assignment?: string;
          brand: string;
          consent_policy?: string;
          cooldown_days?: number;
          created_at?: string;
          daily_cap?: number | null;
          health_min_messages?: number;
          health_quarantine_below?: number;
          hot_minutes?: number;
          id?: string;
          language?: string;
          lookup_daily_budget?: number;
          lookup_enabled?: boolean;
          lookup_price?: number;
          max_open?: number;
          mps?: number | null;
          name: string;
          quiet_ends?: string;
          quiet_starts?: string;
          reply_hours?: Json | null;
          return_minutes?: number;
          support_contact?: string | null;
          time_zone?: string;
          updated_at?: string;
          warmup_caps?: number[];
        };
        Update: {
          assignment?: string;
          brand?: string;
          consent_policy?: string;
          cooldown_days?: number;
          created_at?: string;
          daily_cap?: number | null;
          health_min_messages?: number;
          health_quarantine_below?: number;
          hot_minutes?: number;
          id?: string;
          language?: string;
          lookup_daily_budget?: number;
          lookup_enabled?: boolean;
          lookup_price?: number;
          max_open?: number;
          mps?: number | null;
          name?: string;
          quiet_ends?: string;
          quiet_starts?: string;
          reply_hours?: Json | null;
          return_minutes?: number;
          support_contact?: string | null;
          time_zone?: string;
          updated_at?: string;
          warmup_caps?: number[];
        };
        Relationships: [];
      };
      phone_numbers: {
        Row: {
          area_code: string | null;
          created_at: string;
          daily_cap: number | null;
          e164: string;
          health_score: number | null;
          id: string;
          messaging_service_sid: string | null;
          mps: number;
          number: number;
          org_id: string;
          quiet_ends: string;
          quiet_starts: string;
          reactivated_at: string | null;
          status: string;
          status_reason: string | null;
          time_zone: string;
          twilio_sid: string | null;
          updated_at: string;
          warmup_started_on: string | null;
        };
        ComputedFields: never;
        Insert: {
          area_code?: never;
          created_at?: string;
          daily_cap?: number | null;
          e164: string;
          health_score?: number | null;
          id?: string;
          messaging_service_sid?: string | null;
          mps?: number;
          number?: never;
          org_id: string;
          quiet_ends?: string;
          quiet_starts?: string;
          reactivated_at?: string | null;
          status?: string;
          status_reason?: string | null;
          time_zone?: string;
          twilio_sid?: string | null;
          updated_at?: string;
          warmup_started_on?: string | null;
        };
        Update: {
          area_code?: never;
          created_at?: string;
          daily_cap?: number | null;
          e164?: string;
          health_score?: number | null;
          id?: string;
          messaging_service_sid?: string | null;
          mps?: number;
          number?: never;
          org_id?: string;
          quiet_ends?: string;
          quiet_starts?: string;
          reactivated_at?: string | null;
          status?: string;
          status_reason?: string | null;
          time_zone?: string;
          twilio_sid?: string | null;
          updated_at?: string;
          warmup_started_on?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "phone_numbers_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      phone_scrubs: {
        Row: {
          e164: string;
          hit: string | null;
          hit_at: string | null;
          id: string;
          org_id: string;
          result: string;
          scrubbed_at: string;
          service_id: string;
        };
        ComputedFields: never;
        Insert: {
          e164: string;
          hit?: string | null;
          hit_at?: string | null;
          id?: string;
          org_id: string;
          result: string;
          scrubbed_at: string;
          service_id: string;
        };
        Update: {
          e164?: string;
          hit?: string | null;
          hit_at?: string | null;
          id?: string;
          org_id?: string;
          result?: string;
          scrubbed_at?: string;
          service_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "phone_scrubs_org_id_service_id_fkey";
            columns: ["org_id", "service_id"];
            isOneToOne: false;
            referencedRelation: "enrichment_services";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      quick_responses: {
        Row: {
          category: string;
          content: string;
          created_at: string;
          id: string;
          label_ids: string[];
          language: string | null;
          media_id: string | null;
          number: number;
          org_id: string;
          owner_id: string | null;
          set_status: string | null;
          shortcut: string | null;
          title: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          category?: string;
          content: string;
          created_at: string;
          id?: string;
          label_ids?: string[];
          language?: string | null;
          media_id?: string | null;
          number?: never;
          org_id: string;
          owner_id?: string | null;
          set_status?: string | null;
          shortcut?: string | null;
          title: string;
          updated_at: string;
        };
        Update: {
          category?: string;
          content?: string;
          created_at?: string;
          id?: string;
          label_ids?: string[];
          language?: string | null;
          media_id?: string | null;
          number?: never;
          org_id?: string;
          owner_id?: string | null;
          set_status?: string | null;
          shortcut?: string | null;
          title?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "quick_responses_media_id_fkey";
            columns: ["media_id"];
            isOneToOne: false;
            referencedRelation: "message_media";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "quick_responses_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "quick_responses_org_id_owner_id_fkey";
            columns: ["org_id", "owner_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      quiet_hour_rules: {
        Row: {
          closed_on_holidays: boolean;
          closed_on_state_holidays: boolean;
          closes: string | null;
          dow: number;
          effective_from: string;
          effective_to: string | null;
          id: string;
          max_per_24h: number | null;
          opens: string | null;
          org_id: string | null;
          reviewed_at: string;
          source: string;
          state: string;
        };
        ComputedFields: never;
        Insert: {
          closed_on_holidays?: boolean;
          closed_on_state_holidays?: boolean;
          closes?: string | null;
          dow: number;
          effective_from: string;
          effective_to?: string | null;
          id?: string;
          max_per_24h?: number | null;
          opens?: string | null;
          org_id?: string | null;
          reviewed_at: string;
          source: string;
          state: string;
        };
        Update: {
          closed_on_holidays?: boolean;
          closed_on_state_holidays?: boolean;
          closes?: string | null;
          dow?: number;
          effective_from?: string;
          effective_to?: string | null;
          id?: string;
          max_per_24h?: number | null;
          opens?: string | null;
          org_id?: string | null;
          reviewed_at?: string;
          source?: string;
          state?: string;
        };
        Relationships: [
          {
            foreignKeyName: "quiet_hour_rules_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      reply_spans: {
        Row: {
          answered_by: string | null;
          answered_by_message: string | null;
          assigned_at: string | null;
          assigned_seconds: number | null;
          campaign_id: string | null;
          closed_at: string | null;
          conversation_id: string;
          id: string;
          opened_at: string;
          opened_by_message: string;
          org_id: string;
          outcome: string | null;
          reply_class: string | null;
          working_seconds: number | null;
        };
        ComputedFields: never;
        Insert: {
          answered_by?: string | null;
          answered_by_message?: string | null;
          assigned_at?: string | null;
          assigned_seconds?: number | null;
          campaign_id?: string | null;
          closed_at?: string | null;
          conversation_id: string;
          id?: string;
          opened_at: string;
          opened_by_message: string;
          org_id: string;
          outcome?: string | null;
          reply_class?: string | null;
          working_seconds?: number | null;
        };
        Update: {
          answered_by?: string | null;
          answered_by_message?: string | null;
          assigned_at?: string | null;
          assigned_seconds?: number | null;
          campaign_id?: string | null;
          closed_at?: string | null;
          conversation_id?: string;
          id?: string;
          opened_at?: string;
          opened_by_message?: string;
          org_id?: string;
          outcome?: string | null;
          reply_class?: string | null;
          working_seconds?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "reply_spans_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
        ];
      };
      scheduled_texts: {
        Row: {
          author_id: string | null;
          content: string | null;
          conversation_id: string;
          created_at: string;
          id: string;
          keep_if_answered: boolean;
          media_ids: string[];
          not_before: string;
          org_id: string;
          reason: string | null;
          state: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          author_id?: string | null;
          content?: string | null;
          conversation_id: string;
          created_at: string;
          id?: string;
          keep_if_answered?: boolean;
          media_ids?: string[];
          not_before: string;
          org_id: string;
          reason?: string | null;
          state?: string;
          updated_at: string;
        };
        Update: {
          author_id?: string | null;
          content?: string | null;
          conversation_id?: string;
          created_at?: string;
          id?: string;
          keep_if_answered?: boolean;
          media_ids?: string[];
          not_before?: string;
          org_id?: string;
          reason?: string | null;
          state?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "scheduled_texts_author_id_fkey";
            columns: ["author_id"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "scheduled_texts_conversation_id_fkey";
            columns: ["conversation_id"];
            isOneToOne: false;
            referencedRelation: "conversations";
            referencedColumns: ["id"];
          },
        ];
      };
      segment_leads: {
        Row: {
          added_at: string;
          lead_id: string;
          org_id: string;
          segment_id: string;
        };
        ComputedFields: never;
        Insert: {
          added_at?: string;
          lead_id: string;
          org_id: string;
          segment_id: string;
        };
        Update: {
          added_at?: string;
          lead_id?: string;
          org_id?: string;
          segment_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "segment_leads_org_id_lead_id_fkey";
            columns: ["org_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["org_id", "id"];
          },
          {
            foreignKeyName: "segment_leads_org_id_segment_id_fkey";
            columns: ["org_id", "segment_id"];
            isOneToOne: false;
            referencedRelation: "segments";
            referencedColumns: ["org_id", "id"];
          },
        ];
      };
      segments: {
        Row: {
          created_at: string;
          created_by: string | null;
          description: string | null;
          filter: Json | null;
          id: string;
          kind: string;
          name: string;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          description?: string | null;
          filter?: Json | null;
          id?: string;
          kind: string;
          name: string;
          org_id: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          description?: string | null;
          filter?: Json | null;
          id?: string;
          kind?: string;
          name?: string;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "segments_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "segments_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      send_attempts: {
        Row: {
          claimed_at: string;
          error_code: number | null;
          error_message: string | null;
          http_status: number | null;
          id: string;
          looked_at: string | null;
          looks: number;
          message_id: string;
          next_look_at: string | null;
          number: number;
          org_id: string;
          outcome: string;
          provider_sid: string | null;
          settled_at: string | null;
          slot_at: string;
          worker_id: string;
        };
        ComputedFields: never;
        Insert: {
          claimed_at: string;
          error_code?: number | null;
          error_message?: string | null;
          http_status?: number | null;
          id?: string;
          looked_at?: string | null;
          looks?: number;
          message_id: string;
          next_look_at?: string | null;
          number: number;
          org_id: string;
          outcome?: string;
          provider_sid?: string | null;
          settled_at?: string | null;
          slot_at: string;
          worker_id: string;
        };
        Update: {
          claimed_at?: string;
          error_code?: number | null;
          error_message?: string | null;
          http_status?: number | null;
          id?: string;
          looked_at?: string | null;
          looks?: number;
          message_id?: string;
          next_look_at?: string | null;
          number?: number;
          org_id?: string;
          outcome?: string;
          provider_sid?: string | null;
          settled_at?: string | null;
          slot_at?: string;
          worker_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "send_attempts_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "messages";
            referencedColumns: ["id"];
          },
        ];
      };
      sending_limits: {
        Row: {
          a2p_required: boolean;
          carrier_fee: number;
          created_at: string;
          daily_spending_limit: number | null;
          failed_rate: number;
          failed_volume: number;
          filtered_rate: number;
          filtered_volume: number;
          min_balance: number | null;
          mms_price: number;
          opt_out_rate: number;
          opt_out_volume: number;
          org_id: string;
          segment_price: number;
          unknown_rate: number;
          unknown_volume: number;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          a2p_required?: boolean;
          carrier_fee?: number;
          created_at?: string;
          daily_spending_limit?: number | null;
          failed_rate?: number;
          failed_volume?: number;
          filtered_rate?: number;
          filtered_volume?: number;
          min_balance?: number | null;
          mms_price?: number;
          opt_out_rate?: number;
          opt_out_volume?: number;
          org_id: string;
          segment_price?: number;
          unknown_rate?: number;
          unknown_volume?: number;
          updated_at?: string;
        };
        Update: {
          a2p_required?: boolean;
          carrier_fee?: number;
          created_at?: string;
          daily_spending_limit?: number | null;
          failed_rate?: number;
          failed_volume?: number;
          filtered_rate?: number;
          filtered_volume?: number;
          min_balance?: number | null;
          mms_price?: number;
          opt_out_rate?: number;
          opt_out_volume?: number;
          org_id?: string;
          segment_price?: number;
          unknown_rate?: number;
          unknown_volume?: number;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "sending_limits_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: true;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      template_versions: {
        Row: {
          content: string;
          created_at: string;
          org_id: string;
          template_id: string;
          version: number;
          worst_segments: number;
        };
        ComputedFields: never;
        Insert: {
          content: string;
          created_at?: string;
          org_id: string;
          template_id: string;
          version: number;
          worst_segments: number;
        };
        Update: {
          content?: string;
          created_at?: string;
          org_id?: string;
          template_id?: string;
          version?: number;
          worst_segments?: number;
        };
        Relationships: [
          {
            foreignKeyName: "template_versions_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "template_versions_template_id_fkey";
            columns: ["template_id"];
            isOneToOne: false;
            referencedRelation: "templates";
            referencedColumns: ["id"];
          },
        ];
      };
      templates: {
        Row: {
          activated_at: string | null;
          archived_at: string | null;
          category: string;
          content: string;
          created_at: string;
          encoding: string;
          id: string;
          is_active: boolean;
          language: string;
          name: string;
          number: number;
          org_id: string;
          required_variables: string[];
          updated_at: string;
          variables: string[];
          version: number;
          words: string | null;
          worst_segments: number;
        };
        ComputedFields: never;
        Insert: {
          activated_at?: string | null;
          archived_at?: string | null;
          category: string;
          content: string;
          created_at?: string;
          encoding: string;
          id?: string;
          is_active?: boolean;
          language: string;
          name: string;
          number?: never;
          org_id: string;
          required_variables?: string[];
          updated_at?: string;
          variables?: string[];
          version?: number;
          words?: never;
          worst_segments: number;
        };
        Update: {
          activated_at?: string | null;
          archived_at?: string | null;
          category?: string;
          content?: string;
          created_at?: string;
          encoding?: string;
          id?: string;
          is_active?: boolean;
          language?: string;
          name?: string;
          number?: never;
          org_id?: string;
          required_variables?: string[];
          updated_at?: string;
          variables?: string[];
          version?: number;
          words?: never;
          worst_segments?: number;
        };
        Relationships: [
          {
            foreignKeyName: "templates_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      test_phones: {
        Row: {
          confirmed_at: string | null;
          created_at: string;
          created_by: string | null;
          e164: string;
          id: string;
          label: string | null;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          confirmed_at?: string | null;
          created_at?: string;
          created_by?: string | null;
          e164: string;
          id?: string;
          label?: string | null;
          org_id: string;
          updated_at?: string;
        };
        Update: {
          confirmed_at?: string | null;
          created_at?: string;
          created_by?: string | null;
          e164?: string;
          id?: string;
          label?: string | null;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "test_phones_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "users";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "test_phones_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      twilio_accounts: {
        Row: {
          account_sid: string;
          auth_token_secret_id: string | null;
          balance: number | null;
          balance_checked_at: string | null;
          balance_currency: string | null;
          created_at: string;
          messaging_service_sid: string | null;
          org_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          account_sid: string;
          auth_token_secret_id?: string | null;
          balance?: number | null;
          balance_checked_at?: string | null;
          balance_currency?: string | null;
          created_at?: string;
          messaging_service_sid?: string | null;
          org_id: string;
          updated_at?: string;
        };
        Update: {
          account_sid?: string;
          auth_token_secret_id?: string | null;
          balance?: number | null;
          balance_checked_at?: string | null;
          balance_currency?: string | null;
          created_at?: string;
          messaging_service_sid?: string | null;
          org_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "twilio_accounts_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: true;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      users: {
        Row: {
          created_at: string;
          email: string;
          id: string;
          is_available: boolean;
          org_id: string;
          role: Database["public"]["Enums"]["user_role"];
          settings: NonNullable<Json>;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          email: string;
          id: string;
          is_available?: boolean;
          org_id: string;
          role?: Database["public"]["Enums"]["user_role"];
          settings?: NonNullable<Json>;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          email?: string;
          id?: string;
          is_available?: boolean;
          org_id?: string;
          role?: Database["public"]["Enums"]["user_role"];
          settings?: NonNullable<Json>;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "users_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
      webhook_logs: {
        Row: {
          created_at: string;
          error_message: string | null;
          id: number;
          org_id: string | null;
          payload: Json | null;
          processed: boolean;
          provider: string;
          webhook_type: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          error_message?: string | null;
          id?: never;
          org_id?: string | null;
          payload?: Json | null;
          processed?: boolean;
          provider?: string;
          webhook_type: string;
        };
        Update: {
          created_at?: string;
          error_message?: string | null;
          id?: never;
          org_id?: string | null;
          payload?: Json | null;
          processed?: boolean;
          provider?: string;
          webhook_type?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_logs_org_id_fkey";
            columns: ["org_id"];
            isOneToOne: false;
            referencedRelation: "orgs";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      accept_invitation: { Args: { p_token: string }; Returns: Json };
      add_note: {
        Args: { p_content: string; p_conversation_id: string; p_mentions?: string[] };
        Returns: string;
      };
      add_parcel: { Args: { p_lead_id: string; p_parcel: Json }; Returns: Json };
      add_test_phone: { Args: { p_e164: string; p_label?: string }; Returns: string };
      answer_conversation: {
        Args: { p_id: string; p_idempotency_key?: string; p_input: Json };
        Returns: Json;
      };
      archive_campaign: { Args: { p_campaign_id: string; p_is_archived?: boolean }; Returns: undefined };
      archive_template: { Args: { p_is_archived?: boolean; p_template_id: string }; Returns: undefined };
      begin_media_upload: {
        Args: { p_bytes: number; p_content_type: string; p_sha256: string };
        Returns: Json;
      };
      build_targets: {
        Args: { p_campaign_id: string; p_dry_run?: boolean; p_start?: boolean };
        Returns: Json;
      };
      campaign_figures: { Args: { p_campaign_id: string }; Returns: Json };
      campaign_outlook: { Args: { p_campaign_id: string }; Returns: Json };
      campaign_people: {
        Args: { p_campaign_ids: string[] };
        Returns: {
          campaign_id: string;
          converted_leads: number;
          matching_leads: number;
        }[];
      };
      campaign_preflight: { Args: { p_campaign_id: string }; Returns: Json };
      campaign_reasons: { Args: { p_campaign_id: string }; Returns: Json };
      campaign_rotation: { Args: { p_campaign_id: string }; Returns: Json };
      campaign_test: { Args: { p_campaign_id: string; p_looks?: number }; Returns: Json };
      cancel_import: { Args: { p_import_id: string }; Returns: undefined };
      cancel_job: { Args: { p_job_id: string }; Returns: Json };
      change_conversations: { Args: { p_change: Json; p_ids: string[] }; Returns: Json };
      change_filtered_conversations: {
        Args: { p_change: Json; p_filter: Json; p_is_dry_run?: boolean };
        Returns: Json;
      };
      change_note: { Args: { p_content: string; p_id: string }; Returns: undefined };
      change_role: {
        Args: { p_role: Database["public"]["Enums"]["user_role"]; p_user_id: string };
        Returns: undefined;
      };
      change_segment_leads: {
        Args: { p_add?: string[]; p_remove?: string[]; p_segment_id: string };
        Returns: Json;
      };
      check_storage: { Args: { p_bytes: number }; Returns: undefined };
      claim_conversation: { Args: { p_id: string; p_is_claimed?: boolean }; Returns: undefined };
      classify_conversation: { Args: { p_class: string; p_id: string }; Returns: undefined };
      clone_campaign: { Args: { p_campaign_id: string; p_name?: string }; Returns: string };
      compare_templates: { Args: { p_from?: string; p_to?: string }; Returns: Json };
      confirm_test_phone: { Args: { p_code: string; p_test_phone_id: string }; Returns: Json };
      count_conversations: { Args: Record<PropertyKey, never>; Returns: Json };
      count_leads: { Args: { p_filter?: Json }; Returns: Json };
      create_campaign: { Args: { p_input: Json; p_repeat_key?: string }; Returns: string };
      create_campaign_of_blueprint: { Args: { p_blueprint_id: string; p_input: Json }; Returns: string };
      create_export: { Args: { p_filter: Json; p_options: Json }; Returns: Json };
      create_import: {
        Args: { p_file: Json; p_import_id: string; p_mapping: Json; p_options?: Json; p_tags?: string[] };
        Returns: Json;
      };
      create_import_upload: { Args: { p_file_bytes: number; p_file_name: string }; Returns: Json };
      create_lead: {
        Args: { p_allow_duplicate_phone?: boolean; p_lead: Json; p_repeat_key?: string };
        Returns: Json;
      };
      create_template: { Args: { p_input: Json; p_repeat_key?: string }; Returns: string };
      delete_blueprint: { Args: { p_blueprint_id: string }; Returns: undefined };
      delete_label: { Args: { p_id: string }; Returns: undefined };
      delete_lead: { Args: { p_lead_id: string }; Returns: undefined };
      delete_note: { Args: { p_id: string }; Returns: undefined };
      delete_quick_response: { Args: { p_id: string }; Returns: undefined };
      delete_segment: { Args: { p_segment_id: string }; Returns: undefined };
      dismiss_duplicates: { Args: { p_lead_ids: string[] }; Returns: number };
      duplicate_template: { Args: { p_name?: string; p_template_id: string }; Returns: string };
      end_campaign_test: { Args: { p_campaign_id: string }; Returns: undefined };
      erase_lead: { Args: { p_also_erase?: string[]; p_confirm: string; p_lead_id: string }; Returns: Json };
      erase_phone: { Args: { p_e164: string }; Returns: Json };
      explain_window: {
        Args: {
          p_at?: string;
          p_campaign_id?: string;
          p_e164: string;
          p_lead_id?: string;
          p_phone_number_id?: string;
          p_state?: string;
        };
        Returns: Json;
      };
      find_known_leads: { Args: { p_e164s: string[] }; Returns: Json };
      finish_media_upload: { Args: { p_media_id: string }; Returns: undefined };
      get_lead: { Args: { p_lead_id: string }; Returns: Json };
      import_templates: {
        Args: { p_is_dry_run?: boolean; p_on_conflict?: string; p_rows: Json };
        Returns: Json;
      };
      invite_person: {
        Args: { p_email: string; p_role: Database["public"]["Enums"]["user_role"] };
        Returns: Json;
      };
      lead_duplicates: { Args: { p_lead_id: string }; Returns: Json };
      lead_history: {
        Args: {
          p_before?: string;
          p_before_id?: string;
          p_lead_id: string;
          p_limit?: number;
          p_types?: string[];
        };
        Returns: Json;
      };
      lead_statistics: { Args: { p_filter?: Json }; Returns: Json };
      lint_template: { Args: { p_category: string; p_content: string; p_language: string }; Returns: Json };
      list_conversations: {
        Args: {
          p_before?: string;
          p_before_id?: string;
          p_filter?: Json;
          p_limit?: number;
          p_offset?: number;
        };
        Returns: Json;
      };
      list_duplicates: {
        Args: {
          p_after_id?: string;
          p_after_rank?: number;
          p_limit?: number;
          p_offset?: number;
          p_reason?: string;
        };
        Returns: Json;
      };
      list_enrichment_services: { Args: Record<PropertyKey, never>; Returns: Json };
      listed_criteria: {
        Args: { p_campaign_ids: string[] };
        Returns: {
          campaign_id: string;
          criteria: Json;
        }[];
      };
      lookup_status: { Args: Record<PropertyKey, never>; Returns: Json };
      merge_leads: {
        Args: { p_dry_run?: boolean; p_keep_id: string; p_merge_ids: string[]; p_prefer?: Json };
        Returns: Json;
      };
      number_health: { Args: { p_phone_number_id: string }; Returns: Json };
      number_usage: {
        Args: { p_phone_number_ids: string[] };
        Returns: {
          is_open: boolean;
          opens_at: string;
          phone_number_id: string;
          resting_reason: string;
          resting_until: string;
          segments_left: number;
          segments_today: number;
        }[];
      };
      pause_campaign: { Args: { p_campaign_id: string }; Returns: undefined };
      pause_import: { Args: { p_import_id: string }; Returns: undefined };
      phone_figures: { Args: Record<PropertyKey, never>; Returns: Json };
      preflight_samples: { Args: { p_campaign_id: string }; Returns: Json };
      preview_values: { Args: { p_category: string; p_language: string; p_lead_id?: string }; Returns: Json };
      promote_variant: { Args: { p_campaign_id: string; p_variant: string }; Returns: undefined };
      read_conversation: { Args: { p_id: string }; Returns: Json };
      read_known_mappings: { Args: { p_columns: string[] }; Returns: Json };
      read_thread: {
        Args: { p_before?: string; p_before_id?: string; p_id: string; p_limit?: number };
        Returns: Json;
      };
      remove_enrichment_service: { Args: { p_service_id: string }; Returns: undefined };
      remove_parcel: { Args: { p_lead_id: string; p_property_id: string }; Returns: undefined };
      remove_person: { Args: { p_user_id: string }; Returns: undefined };
      remove_test_phone: { Args: { p_test_phone_id: string }; Returns: undefined };
      reply_times: { Args: { p_from: string; p_group_by?: string; p_to: string }; Returns: Json };
      request_enrichment: {
        Args: { p_dry_run?: boolean; p_lead_ids?: string[]; p_overwrite?: boolean; p_service_id: string };
        Returns: Json;
      };
      request_lookups: { Args: { p_dry_run?: boolean; p_lead_ids?: string[] }; Returns: Json };
      resend_test_code: { Args: { p_test_phone_id: string }; Returns: undefined };
      resolve_alert: { Args: { p_alert_id: string }; Returns: undefined };
      resolve_campaign_sends: { Args: { p_action: string; p_campaign_id: string }; Returns: number };
      resolve_send: { Args: { p_action: string; p_message_id: string }; Returns: undefined };
      restore_template: {
        Args: { p_expected_version?: number; p_template_id: string; p_version: number };
        Returns: number;
      };
      resume_campaign: { Args: { p_campaign_id: string }; Returns: undefined };
      resume_import: { Args: { p_import_id: string }; Returns: undefined };
      review_answer: { Args: { p_class: string; p_message_id: string }; Returns: undefined };
      save_blueprint: { Args: { p_blueprint_id?: string; p_input: Json }; Returns: string };
      save_enrichment_service: { Args: { p_input: Json; p_service_id?: string }; Returns: string };
      save_label: { Args: { p_id?: string; p_input: Json }; Returns: string };
      save_quick_response: { Args: { p_id?: string; p_input: Json }; Returns: string };
      save_segment: { Args: { p_input: Json; p_segment_id?: string }; Returns: string };
      schedule_campaign: {
        Args: { p_acknowledge?: string[]; p_at: string; p_campaign_id: string };
        Returns: undefined;
      };
      search_leads: {
        Args: {
          p_after?: Json;
          p_descending?: boolean;
          p_filter?: Json;
          p_limit?: number;
          p_offset?: number;
          p_sort_by?: string;
        };
        Returns: Json;
      };
      send_campaign_test: {
        Args: { p_campaign_id: string; p_lead_id?: string; p_to: string };
        Returns: Json;
      };
      send_direct: {
        Args: { p_body: string; p_idempotency_key?: string; p_lead_id?: string; p_to?: string };
        Returns: Json;
      };
      send_test: {
        Args: { p_lead_id?: string; p_template_id: string; p_to: string; p_values?: Json };
        Returns: Json;
      };
      set_availability: { Args: { p_is_available: boolean; p_user_id: string }; Returns: undefined };
      set_campaign_test: { Args: { p_campaign_id: string; p_input: Json }; Returns: undefined };
      set_number_status: {
        Args: { p_phone_number_id: string; p_reason?: string; p_status: string };
        Returns: undefined;
      };
      start_bulk_action: { Args: { p_input: Json }; Returns: Json };
      start_campaign: {
        Args: {
          p_acknowledge?: string[];
          p_campaign_id: string;
          p_expected?: Database["public"]["Enums"]["campaign_status"];
        };
        Returns: undefined;
      };
      stop_campaign: { Args: { p_campaign_id: string }; Returns: undefined };
      template_performance: {
        Args: { p_from?: string; p_template_id: string; p_to?: string };
        Returns: Json;
      };
      test_size: { Args: { p_input: Json }; Returns: Json };
      undo_bulk_action: { Args: { p_job_id: string }; Returns: Json };
      undo_import: { Args: { p_import_id: string }; Returns: undefined };
      update_campaign: { Args: { p_campaign_id: string; p_input: Json }; Returns: undefined };
      update_lead: {
        Args: { p_allow_duplicate_phone?: boolean; p_changes: Json; p_lead_id: string };
        Returns: Json;
      };
      update_lead_phone: { Args: { p_changes: Json; p_lead_id: string; p_phone_id: string }; Returns: Json };
      update_number: { Args: { p_input: Json; p_phone_number_id: string }; Returns: undefined };
      update_organisation: { Args: { p_changes: Json }; Returns: undefined };
      update_parcel: { Args: { p_changes: Json; p_lead_id: string; p_property_id: string }; Returns: Json };
      update_template: { Args: { p_input: Json; p_template_id: string }; Returns: number };
      withdraw_invitation: { Args: { p_invitation_id: string }; Returns: undefined };
      withdraw_scheduled: { Args: { p_id: string }; Returns: undefined };
    };
    Enums: {
      campaign_status:
        | "draft"
        | "building"
        | "ready"
        | "scheduled"
        | "running"
        | "paused"
        | "completed"
        | "stopped";
      message_status:
        | "queued"
        | "sending"
        | "unknown"
        | "sent"
        | "delivered"
        | "undelivered"
        | "failed"
        | "canceled"
        | "received";
      target_state:
        | "excluded"
        | "canceled"
        | "waiting"
        | "queued"
        | "sending"
        | "unknown"
        | "sent"
        | "failed";
      user_role: "viewer" | "operator" | "campaign_manager" | "admin";
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {
      campaign_status: [
        "draft",
        "building",
        "ready",
        "scheduled",
        "running",
        "paused",
        "completed",
        "stopped",
      ],
      message_status: [
        "queued",
        "sending",
        "unknown",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
        "received",
      ],
      target_state: ["excluded", "canceled", "waiting", "queued", "sending", "unknown", "sent", "failed"],
      user_role: ["viewer", "operator", "campaign_manager", "admin"],
    },
  },
} as const;
