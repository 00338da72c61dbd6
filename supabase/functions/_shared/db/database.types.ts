export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      users: {
        Row: { id: string; org_id: string; email: string; role: Database["public"]["Enums"]["user_role"]; settings: Json; created_at: string; updated_at: string };
        Insert: never;
        Update: { role?: Database["public"]["Enums"]["user_role"] };
        Relationships: [];
      };
      orgs: {
        Row: { id: string; name: string; brand: string; language: string; time_zone: string };
        Insert: never;
        Update: { name?: string };
        Relationships: [];
      };
    };
    Views: { [_ in never]: never };
    Functions: { [_ in never]: never };
    Enums: { user_role: "viewer" | "operator" | "campaign_manager" | "admin" };
    CompositeTypes: { [_ in never]: never };
  };
};
